import { checkNotAborted } from '../../validate';
import { busy } from '../problem';

/** Runs tasks one at a time, with a limit on how many can wait. */
export class WorkQueue {
  readonly #limit: number;
  #length = 0;
  #last: Promise<unknown> = Promise.resolve();

  /** @param limit the maximum number of tasks, including the running one */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * @throws Problem 503 when the queue is full.
   * @throws CircuitTracerError `ABORT_ERR` when the signal fires before the task starts; the errors of `task`.
   */
  async run<T>(task: () => Promise<T>, signal: AbortSignal): Promise<T> {
    if (this.#length >= this.#limit) throw busy('The model is busy with earlier requests.');
    const leave = this.#enter();
    // A client that stops waiting makes room immediately.
    signal.addEventListener('abort', leave, { once: true });
    const turn = this.#last.then(() => {
      checkNotAborted(signal);
      signal.removeEventListener('abort', leave);
      return task();
    });
    this.#last = turn.catch(() => undefined);
    try {
      return await turn;
    } finally {
      leave();
    }
  }

  #enter(): () => void {
    this.#length++;
    let left = false;
    return () => {
      if (!left) this.#length--;
      left = true;
    };
  }
}
