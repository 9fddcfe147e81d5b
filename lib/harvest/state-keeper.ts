import { CircuitTracerError } from '../errors';
import { log } from '../log';
import { type HarvestIdentity, type HarvestState, saveState } from './state-file';

/** Saves what has been gathered now and then, and when the work ends early. */
export class StateKeeper {
  readonly #path: string;
  readonly #identity: HarvestIdentity;
  readonly #intervalMs: number;
  #savedAt = performance.now();
  #latest: HarvestState | undefined;
  #isSaved = false;

  constructor(path: string, identity: HarvestIdentity, intervalSeconds: number) {
    this.#path = path;
    this.#identity = identity;
    this.#intervalMs = intervalSeconds * 1000;
  }

  /** Take note of a state; it is saved when the last save is long enough ago. */
  async keep(state: HarvestState): Promise<void> {
    this.#latest = state;
    this.#isSaved = false;
    if (performance.now() - this.#savedAt >= this.#intervalMs) await this.save();
  }

  async save(): Promise<void> {
    if (this.#latest && !this.#isSaved) await saveState(this.#path, this.#identity, this.#latest);
    this.#isSaved = true;
    this.#savedAt = performance.now();
  }

  /**
   * Save what there is when the work failed or was stopped.
   *
   * @returns the error to throw: that of the work; one of an abort says how to go on.
   */
  async rescue(error: unknown): Promise<unknown> {
    if (!this.#latest) return error;
    try {
      await this.save();
    } catch (failure) {
      log().warn({ err: failure }, 'what was gathered could not be saved');
      return error;
    }
    return resumable(error, this.#path);
  }
}

/** An abort, with how to go on from what is saved; any other error as it is. */
export function resumable(error: unknown, path: string): unknown {
  if (!(error instanceof CircuitTracerError) || error.code !== 'ABORT_ERR') return error;
  const message = `${error.message} What has been gathered is saved in ${path}; the same harvest goes on from there.`;
  return new CircuitTracerError('ABORT_ERR', message, { cause: error });
}
