import { busy } from './problem';

/** The bytes that may be in memory at once for one purpose, over all clients. */
export class ByteBudget {
  readonly #most: number;
  #taken = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /**
   * @returns a function that releases them, which may be called more than once
   * @throws Problem 503 when the budget is exhausted.
   */
  take(bytes: number): () => void {
    if (this.#taken + bytes > this.#most) throw busy('The server is busy with other requests.');
    this.#taken += bytes;
    let isBack = false;
    return () => {
      if (!isBack) this.#taken -= bytes;
      isBack = true;
    };
  }
}
