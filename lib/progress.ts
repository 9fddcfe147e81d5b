import { log } from './log';
import { checkCallback } from './validate';

/** The progress of a long call. A `total` of 0 means that the total is not known yet. */
export interface Progress {
  /** The name of the current phase: `attribute`, `check edges`. */
  readonly phase: string;
  readonly done: number;
  readonly total: number;
  /** The unit of `done` and `total`. Default: steps of the work. */
  readonly unit?: 'bytes';
}

/**
 * A callback that runs on the event loop while the work continues. Each phase starts with `done` 0 and, unless the call
 * fails, ends with `done === total` before the call resolves. In between, `done` never decreases, and each turn of the
 * loop reports only the latest value. The callback never delays the work. Errors it throws are logged and ignored.
 */
export type ProgressListener = (progress: Progress) => void;

/** Call the listener. Errors it throws are logged and ignored. */
export function tellProgress(listener: ProgressListener, progress: Progress): void {
  try {
    listener(progress);
  } catch (error) {
    log().warn({ err: error }, 'the onProgress callback threw an error; the work continues');
  }
}

/**
 * Check the `onProgress` option.
 *
 * @throws CircuitTracerError `ERR_INVALID_ARGUMENT` unless it is undefined or a function.
 */
export function checkListener(value: unknown): ProgressListener | undefined {
  const listener = checkCallback(value as ProgressListener | undefined, 'onProgress');
  return listener && ((progress) => tellProgress(listener, progress));
}

/** Run work that is a single step of a single phase. */
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

/** A phase whose progress is counted in JavaScript, from 0 to its total. */
export class Phase {
  readonly #tell: (done: number) => void;
  readonly #total: number;
  #done = 0;

  constructor(listener: ProgressListener | undefined, phase: string, total: number, unit?: 'bytes') {
    this.#tell = (done) => listener && tellProgress(listener, { phase, done, total, ...(unit && { unit }) });
    this.#total = total;
    this.#tell(0);
  }

  /** Report the progress so far. Decreases and values above the total are not reported. */
  reach(done: number): void {
    const reached = Math.min(done, this.#total);
    if (reached <= this.#done) return;
    this.#done = reached;
    this.#tell(reached);
  }

  add(count: number): void {
    this.reach(this.#done + count);
  }

  end(): void {
    this.reach(this.#total);
  }
}
