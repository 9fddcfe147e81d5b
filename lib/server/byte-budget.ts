import { busy } from './problem';

/** Bytes that may be in memory at once for one purpose, whoever asks. */
export class ByteBudget {
  readonly #most: number;
  #taken = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /**
   * @returns what gives them back; idempotent
   * @throws Problem 503 when others have taken too many.
   */
  take(bytes: number): () => void {
    if (this.#taken + bytes > this.#most) throw busy('The server is busy with the requests of others.');
    this.#taken += bytes;
    let isBack = false;
    return () => {
      if (!isBack) this.#taken -= bytes;
      isBack = true;
    };
  }
}
