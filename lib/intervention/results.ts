import type { Activations, NdArray } from '../engine/arrays';
import type { Logits, TopTokensOptions } from './logits';
import type { TokenProbability } from './top-tokens';

/** The result of `intervene`: the edited run of a prompt of n tokens. */
export class InterveneResult {
  /** [n] */
  declare readonly tokens: Int32Array;
  /** [n, dVocab], after the softcap. */
  declare readonly logits: Logits;
  /** [n, dVocab], before the softcap. Undefined unless requested. */
  declare readonly rawLogits: Logits | undefined;
  /**
   * [nLayers, n, maximum number of features per layer], read by the encoders in the edited run. The effect of an edit
   * shows downstream, not in the edited feature itself. Zero at special positions.
   */
  declare readonly activations: Activations | undefined;
  /** The values of the requested hook points by name, edits included. */
  declare readonly cache: Readonly<Record<string, NdArray>>;

  /** @internal */
  constructor(parts: Omit<InterveneResult, 'topTokens'>) {
    Object.assign(this, parts);
  }

  /**
   * The likeliest next tokens under the interventions, likeliest first, by `logits`.
   *
   * @param options the position that they follow; default the last
   * @throws CircuitTracerError `ERR_INVALID_ARGUMENT` for an invalid count or position.
   */
  topTokens(count: number, options?: TopTokensOptions): TokenProbability[] {
    return this.logits.topTokens(count, options);
  }
}

/** The result of `generate`: a prompt of n tokens and `steps` new ones. */
export class GenerateResult {
  /** The whole text, including the prompt. */
  declare readonly text: string;
  /** The text after the prompt. */
  declare readonly newText: string;
  /** [n + steps] the tokens of the prompt and the new tokens. */
  declare readonly tokens: Int32Array;
  /** [steps] */
  declare readonly newTokens: Int32Array;
  /** [steps, dVocab] the logits that each token was chosen from, after the softcap. */
  declare readonly logits: Logits;
  /** The logits before the softcap. Undefined unless requested. */
  declare readonly rawLogits: Logits | undefined;
  /**
   * [nLayers, n + steps - 1, maximum number of features per layer], at every position except the last, which was not
   * run.
   */
  declare readonly activations: Activations | undefined;

  /** @internal */
  constructor(parts: Omit<GenerateResult, 'topTokens'>) {
    Object.assign(this, parts);
  }

  /**
   * The likeliest tokens at the step that chose a new token, likeliest first, by `logits`.
   *
   * @param options the new token, by `position`: 0 is the first; default the last
   * @throws CircuitTracerError `ERR_INVALID_ARGUMENT` for an invalid count or position.
   */
  topTokens(count: number, options?: TopTokensOptions): TokenProbability[] {
    return this.logits.topTokens(count, options);
  }
}
