import type { Options, SingleBar } from 'cli-progress';
import { lazy } from '../../lazy';
import type { Progress, ProgressListener } from '../../progress';
import { byteSize } from '../render/text';

const bars = lazy(() => require('cli-progress') as typeof import('cli-progress'));

/** Shows the progress of a command on standard error. */
export interface ProgressDisplay {
  readonly listener: ProgressListener;
  /** Print a line without breaking the bar. */
  print(line: string): void;
  /** Clear the bar, if any. Idempotent. */
  stop(): void;
}

/**
 * A bar on a terminal, plain lines in a pipe.
 *
 * @param reword replaces names of the library by those of the command
 */
export function progressDisplay(
  stream: NodeJS.WriteStream = process.stderr,
  reword: (line: string) => string = (line) => line,
): ProgressDisplay {
  const display = stream.isTTY ? new BarDisplay(stream) : new LineDisplay(stream);
  const { listener } = display;
  return { listener, print: (line) => display.print(reword(line)), stop: () => display.stop() };
}

function formatShare({ done, total, unit }: Progress, joint: string): string {
  const text = unit === 'bytes' ? byteSize : String;
  return `${text(done)}${joint}${text(total)}`;
}

const clearLine = '\r\u001b[K';

class BarDisplay implements ProgressDisplay {
  readonly #stream: NodeJS.WriteStream;
  readonly #bar: SingleBar;
  #phase: string | undefined;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
    const { Format, Presets, SingleBar } = bars();
    const options: Options = {
      stream,
      hideCursor: true,
      clearOnComplete: true,
      // Ctrl-C is handled by this package.
      gracefulExit: false,
      barsize: 28,
      format: (barOptions, { progress }, step) => {
        const { phase, total } = step as Progress;
        const share = total > 0 ? formatShare(step as Progress, '/') : '';
        return `${String(phase).padEnd(22)} ${Format.BarFormat(progress, barOptions)} ${share}`;
      },
    };
    this.#bar = new SingleBar(options, Presets.shades_classic);
    // The cursor must become visible again, however the process ends.
    process.once('exit', () => this.stop());
  }

  readonly listener = (step: Progress): void => {
    const { phase, done, total } = step;
    if (this.#phase === undefined) this.#bar.start(Math.max(total, 1), done, step);
    this.#phase = phase;
    this.#bar.setTotal(Math.max(total, 1));
    this.#bar.update(done, step);
  };

  print(line: string): void {
    this.#stream.write(`${this.#phase === undefined ? '' : clearLine}${line}\n`);
  }

  stop(): void {
    if (this.#phase !== undefined) this.#bar.stop();
    this.#phase = undefined;
  }
}

const quietMs = 5000;

class LineDisplay implements ProgressDisplay {
  readonly #stream: NodeJS.WriteStream;
  #phase: string | undefined;
  #lastLine = 0;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
  }

  /** Print a line when a phase begins, and every few seconds while it lasts. */
  readonly listener = (step: Progress): void => {
    const { phase, total } = step;
    const now = Date.now();
    if (phase === this.#phase && now - this.#lastLine < quietMs) return;
    this.#phase = phase;
    this.#lastLine = now;
    this.print(total > 0 ? `${phase}: ${formatShare(step, ' of ')}` : phase);
  };

  print(line: string): void {
    this.#stream.write(`${line}\n`);
  }

  stop(): void {}
}
