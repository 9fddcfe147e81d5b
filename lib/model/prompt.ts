import { CircuitTracerError } from '../errors';
import { describe } from '../validate';
import type { ModelSpec } from './spec';
import type { Tokenizer } from './tokenizer';

/** Text, or the ids of its tokens. */
export type Prompt = string | readonly number[] | Int32Array;

/** A prompt ready to run. */
export interface PreparedPrompt {
  /** [n] */
  readonly tokens: Int32Array;
  /** Positions 0 .. zeroPositions - 1 hold special tokens and get no features and no errors. */
  readonly zeroPositions: number;
}

/**
 * Tokenise text and put a special token in front where the first one isn't special already.
 *
 * @param exactTokens puts nothing in front.
 * @throws CircuitTracerError `ERR_INVALID_PROMPT` for no tokens, too many, or ids outside the vocabulary.
 */
export function preparePrompt(
  prompt: Prompt,
  spec: ModelSpec,
  tokenizer: Tokenizer | undefined,
  exactTokens = false,
): PreparedPrompt {
  if (tokenizer) {
    const given = typeof prompt === 'string' ? prompt : tokenIds(prompt);
    return checked(tokenizer.prepare(given, { exact: exactTokens }), spec);
  }
  if (typeof prompt !== 'string') return checked({ tokens: tokenIds(prompt), zeroPositions: 1 }, spec);
  throw new CircuitTracerError(
    'ERR_INVALID_PROMPT',
    `A model built in memory has no tokenizer: give token ids instead of the text ${describe(prompt)}.`,
  );
}

function tokenIds(prompt: unknown): number[] {
  if (Array.isArray(prompt)) return [...prompt];
  // By view, not instanceof: test runners and other realms have typed arrays of their own.
  if (ArrayBuffer.isView(prompt) && !(prompt instanceof DataView)) return Array.from(prompt as unknown as Int32Array);
  throw new CircuitTracerError(
    'ERR_INVALID_PROMPT',
    `A prompt must be text or an array of token ids; found ${describe(prompt)}.`,
  );
}

function checked(
  { tokens, zeroPositions }: { tokens: readonly number[]; zeroPositions: number },
  spec: ModelSpec,
): PreparedPrompt {
  checkTokens(tokens, spec);
  return { tokens: Int32Array.from(tokens), zeroPositions };
}

/** @throws CircuitTracerError `ERR_INVALID_PROMPT` unless the model can run the tokens. */
export function checkTokens(tokens: readonly number[], { dVocab, maxPositions }: ModelSpec): void {
  if (tokens.length === 0) {
    throw new CircuitTracerError('ERR_INVALID_PROMPT', 'A prompt must hold at least one token; found none.');
  }
  if (tokens.length > maxPositions) {
    throw new CircuitTracerError(
      'ERR_INVALID_PROMPT',
      `The prompt has ${tokens.length} tokens, special ones included, and the model takes at most ${maxPositions}. ` +
        'Shorten the prompt.',
    );
  }
  const at = tokens.findIndex((id) => !Number.isInteger(id) || id < 0 || id >= dVocab);
  if (at < 0) return;
  throw new CircuitTracerError(
    'ERR_INVALID_PROMPT',
    `Token ids must be whole numbers from 0 to ${dVocab - 1}; found ${describe(tokens[at])} at position ${at}.`,
  );
}
