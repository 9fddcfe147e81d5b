import { checkNotAborted } from '../../validate';
import { busy } from '../problem';

/** Lets tasks run one at a time, with room for a few that wait. */
export class WorkQueue {
  readonly #limit: number;
  #length = 0;
  #last: Promise<unknown> = Promise.resolve();

  /** @param limit tasks at once, the running one counted */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * @throws Problem 503 when the queue is full.
   * @throws CircuitTracerError `ABORT_ERR` when the signal fires before the task's turn; what `task` throws.
   */
  async run<T>(task: () => Promise<T>, signal: AbortSignal): Promise<T> {
    if (this.#length >= this.#limit) throw busy('The model is busy with earlier requests.');
    const leave = this.#enter();
    // Who gives up waiting makes room at once.
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
