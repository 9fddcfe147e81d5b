import type { Activations, NdArray } from '../engine/arrays';
import type { Logits, TopTokensOptions } from './logits';
import type { TokenProbability } from './top-tokens';

/** What `intervene` gives: the edited run of a prompt of n tokens. */
export class InterveneResult {
  /** [n] */
  declare readonly tokens: Int32Array;
  /** [n, dVocab], after the softcap. */
  declare readonly logits: Logits;
  /** [n, dVocab], before the softcap; undefined unless asked for. */
  declare readonly rawLogits: Logits | undefined;
  /**
   * [nLayers, n, most features of a layer], as the encoders read the edited run: an edit shows downstream of where it was
   * made, not in the edited feature. Zero at special positions.
   */
  declare readonly activations: Activations | undefined;
  /** The values of the hook points asked for, edits included, by name. */
  declare readonly cache: Readonly<Record<string, NdArray>>;

  /** @internal */
  constructor(parts: Omit<InterveneResult, 'topTokens'>) {
    Object.assign(this, parts);
  }

  /**
   * The likeliest next tokens under the interventions, likeliest first: those of `logits`.
   *
   * @param options the position they follow, default the last
   * @throws CircuitTracerError `ERR_INVALID_ARGUMENT` for a count or a position that can't be.
   */
  topTokens(count: number, options?: TopTokensOptions): TokenProbability[] {
    return this.logits.topTokens(count, options);
  }
}

/** What `generate` gives: a prompt of n tokens and `steps` new ones. */
export class GenerateResult {
  /** All of it, prompt included. */
  declare readonly text: string;
  /** What comes after the prompt. */
  declare readonly newText: string;
  /** [n + steps] prompt and new tokens. */
  declare readonly tokens: Int32Array;
  /** [steps] */
  declare readonly newTokens: Int32Array;
  /** [steps, dVocab] each token was chosen from, after the softcap. */
  declare readonly logits: Logits;
  /** The same before the softcap; undefined unless asked for. */
  declare readonly rawLogits: Logits | undefined;
  /** [nLayers, n + steps - 1, most features of a layer]: every position that was run, which the last token was not. */
  declare readonly activations: Activations | undefined;

  /** @internal */
  constructor(parts: Omit<GenerateResult, 'topTokens'>) {
    Object.assign(this, parts);
  }

  /**
   * The likeliest tokens where a new token was chosen, likeliest first: those of `logits`.
   *
   * @param options which new token, by `position`: 0 is the first, default the last
   * @throws CircuitTracerError `ERR_INVALID_ARGUMENT` for a count or a position that can't be.
   */
  topTokens(count: number, options?: TopTokensOptions): TokenProbability[] {
    return this.logits.topTokens(count, options);
  }
}
