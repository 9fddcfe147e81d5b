import type { NdArray } from '../engine/arrays';
import { checkInteger, checkOptions } from '../validate';
import { type TokenProbability, topTokens } from './top-tokens';

export interface TopTokensOptions {
  /** Row of the logits: a position of the prompt, or which new token. Negative numbers count from the end. Default -1. */
  readonly position?: number;
}

/**
 * Logits, [rows, dVocab], one row for each position or each new token. An `NdArray` that knows the model's tokens.
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
   * @param decode gives a token's text. Default: its id in digits
   */
  constructor({ data, shape }: NdArray, decode: (tokenId: number) => string = String) {
    this.data = data;
    this.shape = shape;
    this.#decode = decode;
  }

  /**
   * [dVocab] logits of one row, shared with `data`.
   *
   * @param position as in {@link TopTokensOptions}
   * @throws CircuitTracerError `ERR_INVALID_ARGUMENT` for a row there isn't.
   */
  row(position = -1): Float32Array {
    const [rows = 0, dVocab = 0] = this.shape;
    const index = checkInteger(position, 'position', -rows, rows - 1);
    const start = (index < 0 ? rows + index : index) * dVocab;
    return this.data.subarray(start, start + dVocab);
  }

  /**
   * The likeliest tokens by these logits, likeliest first, each with its text and its probability under the softmax of the
   * row. Ties go to the lower id. Without a tokenizer the text is the id in digits.
   *
   * @param count at most this many
   * @throws CircuitTracerError `ERR_INVALID_ARGUMENT` for a count or a position that can't be.
   */
  topTokens(count: number, options: TopTokensOptions = {}): TokenProbability[] {
    checkOptions(options, ['position']);
    return topTokens(this.row(options.position), checkInteger(count, 'count', 0), this.#decode);
  }
}
