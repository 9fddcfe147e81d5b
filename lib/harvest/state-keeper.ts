import { CircuitTracerError } from '../errors';
import { log } from '../log';
import { type HarvestIdentity, type HarvestState, saveState } from './state-file';

/** Saves the state periodically and when the work ends early. */
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

  /** Keep a state. It is saved when the last save is long enough ago. */
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
   * Save the state after a failure or an abort.
   *
   * @returns the error to throw: that of the work. For an abort, the message says how to resume.
   */
  async rescue(error: unknown): Promise<unknown> {
    if (!this.#latest) return error;
    try {
      await this.save();
    } catch (failure) {
      log().warn({ err: failure }, 'the state of the harvest could not be saved');
      return error;
    }
    return resumable(error, this.#path);
  }
}

/** Add to an abort error how to resume. Other errors are returned unchanged. */
export function resumable(error: unknown, path: string): unknown {
  if (!(error instanceof CircuitTracerError) || error.code !== 'ABORT_ERR') return error;
  const message = `${error.message} The state is saved in ${path}. Run the same harvest again to resume.`;
  return new CircuitTracerError('ABORT_ERR', message, { cause: error });
}
