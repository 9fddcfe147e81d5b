import type { ModelSpec } from '../engine/model-spec';
import { CircuitTracerError } from '../errors';
import { checkOptions, describe } from '../validate';
import type { ChatPrompt } from './chat-template';
import type { Tokenizer } from './tokenizer';

/** Text, the ids of its tokens, or a conversation. */
export type Prompt = string | readonly number[] | Int32Array | ChatPrompt;

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
 * @param signal ends the tokenising of a long text
 * @returns at once, or for a long text once another thread has tokenised it
 * @throws CircuitTracerError `ERR_INVALID_PROMPT` for no tokens, too many, or ids outside the vocabulary; `ABORT_ERR`.
 */
export function preparePrompt(
  prompt: Prompt,
  spec: ModelSpec,
  tokenizer: Tokenizer | undefined,
  exactTokens: boolean,
  signal?: AbortSignal,
): PreparedPrompt | Promise<PreparedPrompt> {
  if (tokenizer) {
    const text = isChat(prompt) ? tokenizer.renderChat(prompt.messages) : prompt;
    const given = typeof text === 'string' ? text : tokenIds(text);
    const options = { exact: exactTokens, signal };
    if (typeof given !== 'string' || tokenizer.isQuick(given))
      return checked(tokenizer.prepare(given, options), spec, tokenizer);
    return tokenizer.prepareAsync(given, options).then((prepared) => checked(prepared, spec, tokenizer));
  }
  if (typeof prompt !== 'string' && !isChat(prompt))
    return checked({ tokens: tokenIds(prompt), zeroPositions: 1 }, spec, undefined);
  throw new CircuitTracerError(
    'ERR_INVALID_PROMPT',
    `A model built in memory has no tokenizer: give token ids instead of the text ${describe(prompt)}.`,
  );
}

function isChat(prompt: unknown): prompt is ChatPrompt {
  if (typeof prompt !== 'object' || prompt === null || !('messages' in prompt)) return false;
  checkOptions(prompt, ['messages'], 'a prompt that is an object');
  return true;
}

function tokenIds(prompt: unknown): number[] {
  if (Array.isArray(prompt)) return [...prompt];
  // By view, not instanceof: test runners and other realms have typed arrays of their own.
  if (ArrayBuffer.isView(prompt) && !(prompt instanceof DataView)) return Array.from(prompt as unknown as Int32Array);
  throw new CircuitTracerError(
    'ERR_INVALID_PROMPT',
    `A prompt must be text, an array of token ids or { messages }; found ${describe(prompt)}.`,
  );
}

function checked(
  { tokens, zeroPositions }: { tokens: readonly number[]; zeroPositions: number },
  spec: ModelSpec,
  tokenizer: Tokenizer | undefined,
): PreparedPrompt {
  checkTokens(tokens, spec, tokenizer);
  return { tokens: Int32Array.from(tokens), zeroPositions };
}

/**
 * Whether it is a list of prompts, as against one prompt given as a list of ids.
 *
 * @throws CircuitTracerError `ERR_INVALID_PROMPT` for neither.
 */
export function isBatch(inputs: unknown): inputs is readonly Prompt[] {
  if (typeof inputs === 'string' || ArrayBuffer.isView(inputs)) return false;
  if (Array.isArray(inputs)) return inputs.length > 0 && typeof inputs[0] !== 'number';
  if (isChat(inputs)) return false;
  throw new CircuitTracerError(
    'ERR_INVALID_PROMPT',
    `inputs must be text, token ids, { messages }, or a list of those; found ${describe(inputs)}.`,
  );
}

/** @throws CircuitTracerError `ERR_INVALID_PROMPT` unless the model can run the tokens. */
export function checkTokens(
  tokens: readonly number[],
  { dVocab, maxPositions }: ModelSpec,
  tokenizer?: Tokenizer | undefined,
): void {
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
  const id = tokens[at] as number;
  const name = Number.isInteger(id) && id >= 0 ? (tokenizer?.decodeToken(id) ?? '') : '';
  const shown = name === '' ? describe(id) : `${JSON.stringify(name)}, id ${id},`;
  const advice = name === '' ? '' : ' Leave it out of the text: the model has no row in its embedding for it.';
  throw new CircuitTracerError(
    'ERR_INVALID_PROMPT',
    `Token ids must be whole numbers from 0 to ${dVocab - 1}; found ${shown} at position ${at}.${advice}`,
  );
}
