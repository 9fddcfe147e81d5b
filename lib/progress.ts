import { log } from './log';
import { checkCallback } from './validate';

/** One step of a long call. `total` 0 means that it isn't known yet. */
export interface Progress {
  /** What is being done, in words: `attribute`, `check edges`. */
  readonly phase: string;
  readonly done: number;
  readonly total: number;
  /** What `done` and `total` count, where it isn't steps of the work. */
  readonly unit?: 'bytes';
}

/**
 * Called on the event loop as work goes on. Each phase begins with `done` 0 and, unless the call fails, ends with
 * `done === total` before the call resolves; in between, `done` never falls, and a turn of the loop tells the latest
 * alone. It never holds up the work. What it throws is logged and ignored.
 */
export type ProgressListener = (progress: Progress) => void;

/** What the listener throws is logged and swallowed. */
export function tellProgress(listener: ProgressListener, progress: Progress): void {
  try {
    listener(progress);
  } catch (error) {
    log().warn({ err: error }, 'the onProgress callback threw; the work goes on');
  }
}

/**
 * The option `onProgress`, made safe to call.
 *
 * @throws CircuitTracerError `ERR_INVALID_ARGUMENT` unless it is undefined or a function.
 */
export function checkListener(value: unknown): ProgressListener | undefined {
  const listener = checkCallback(value as ProgressListener | undefined, 'onProgress');
  return listener && ((progress) => tellProgress(listener, progress));
}

/** Work that is one step of one phase. */
export async function inOneStep<T>(
  listener: ProgressListener | undefined,
  phase: string,
  work: () => Promise<T>,
): Promise<T> {
  const progress = new Phase(listener, phase, 1);
  const result = await work();
  progress.end();
  return result;
}

/** One phase of work that JavaScript counts, from 0 to its total. */
export class Phase {
  readonly #tell: (done: number) => void;
  readonly #total: number;
  #done = 0;

  constructor(listener: ProgressListener | undefined, phase: string, total: number, unit?: 'bytes') {
    this.#tell = (done) => listener && tellProgress(listener, { phase, done, total, ...(unit && { unit }) });
    this.#total = total;
    this.#tell(0);
  }

  /** What is done in all; less than before, or more than the total, isn't told. */
  reach(done: number): void {
    const reached = Math.min(done, this.#total);
    if (reached <= this.#done) return;
    this.#done = reached;
    this.#tell(reached);
  }

  add(more: number): void {
    this.reach(this.#done + more);
  }

  end(): void {
    this.reach(this.#total);
  }
}
