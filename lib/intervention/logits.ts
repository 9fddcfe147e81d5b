import type { NdArray } from '../engine/arrays';
import { checkInteger, checkOptions } from '../validate';
import { type TokenProbability, topTokens } from './top-tokens';

export interface TopTokensOptions {
  /**
   * The row of the logits: a position of the prompt, or the index of a new token. A negative number counts from the
   * end. Default -1.
   */
  readonly position?: number;
}

/**
 * Logits, [rows, dVocab], with one row for each position or new token. An `NdArray` that also decodes tokens.
 *
 * @example
 * const logits = await model.forward('The capital of France is');
 * console.log(logits.topTokens(3)); // [{ tokenId, token: ' Paris', probability }, ...]
 */
export class Logits implements NdArray {
  /** [rows * dVocab], row-major. */
  readonly data: Float32Array;
  /** [rows, dVocab] */
  readonly shape: number[];
  readonly #decode: (tokenId: number) => string;

  /**
   * @param array [rows, dVocab]
   * @param decode returns the text of a token. Default: its id in digits
   */
  constructor({ data, shape }: NdArray, decode: (tokenId: number) => string = String) {
    this.data = data;
    this.shape = shape;
    this.#decode = decode;
  }

  /**
   * [dVocab] the logits of one row, shared with `data`.
   *
   * @param position as in {@link TopTokensOptions}
   * @throws CircuitTracerError `ERR_INVALID_ARGUMENT` for a row out of range.
   */
  row(position = -1): Float32Array {
    const [rows = 0, dVocab = 0] = this.shape;
    const index = checkInteger(position, 'position', -rows, rows - 1);
    const start = (index < 0 ? rows + index : index) * dVocab;
    return this.data.subarray(start, start + dVocab);
  }

  /**
   * The likeliest tokens by these logits, likeliest first, with their texts and their probabilities under the softmax
   * of the row. Of equal tokens, the lower id comes first. Without a tokenizer, the text is the id in digits.
   *
   * @param count the maximum number of tokens
   * @throws CircuitTracerError `ERR_INVALID_ARGUMENT` for an invalid count or position.
   */
  topTokens(count: number, options: TopTokensOptions = {}): TokenProbability[] {
    checkOptions(options, ['position']);
    return topTokens(this.row(options.position), checkInteger(count, 'count', 0), this.#decode);
  }
}
