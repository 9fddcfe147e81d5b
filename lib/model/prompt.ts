import type { ModelSpec } from '../engine/model-spec';
import { CircuitTracerError } from '../errors';
import { checkOptions, describe } from '../validate';
import type { ChatPrompt } from './chat-template';
import type { Tokenizer } from './tokenizer';

/** A prompt: text, token ids or a conversation. */
export type Prompt = string | readonly number[] | Int32Array | ChatPrompt;

/** A tokenised prompt, ready to run. */
export interface PreparedPrompt {
  /** [n] */
  readonly tokens: Int32Array;
  /** The number of leading special-token positions, which get no features and no errors. */
  readonly specialPositions: number;
}

/**
 * Tokenise text, and prepend a special token unless the first token is special.
 *
 * @param exactTokens prepend nothing
 * @param signal aborts the tokenisation of a long text
 * @returns the prompt at once, or a promise for a long text, which another thread tokenises
 * @throws CircuitTracerError `ERR_INVALID_PROMPT` for an empty or overlong prompt or ids outside the vocabulary;
 * `ABORT_ERR`.
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
    return checked({ tokens: tokenIds(prompt), specialPositions: 1 }, spec, undefined);
  throw new CircuitTracerError(
    'ERR_INVALID_PROMPT',
    `A model built in memory has no tokenizer. Pass token ids instead of the text ${describe(prompt)}.`,
  );
}

function isChat(prompt: unknown): prompt is ChatPrompt {
  if (typeof prompt !== 'object' || prompt === null || !('messages' in prompt)) return false;
  checkOptions(prompt, ['messages'], 'a prompt that is an object');
  return true;
}

function tokenIds(prompt: unknown): number[] {
  if (Array.isArray(prompt)) return [...prompt];
  // instanceof does not work, because test runners and other realms have their own typed arrays.
  if (ArrayBuffer.isView(prompt) && !(prompt instanceof DataView)) return Array.from(prompt as unknown as Int32Array);
  throw new CircuitTracerError(
    'ERR_INVALID_PROMPT',
    `A prompt must be text, an array of token ids or { messages }; found ${describe(prompt)}.`,
  );
}

function checked(
  { tokens, specialPositions }: { tokens: readonly number[]; specialPositions: number },
  spec: ModelSpec,
  tokenizer: Tokenizer | undefined,
): PreparedPrompt {
  checkTokens(tokens, spec, tokenizer);
  return { tokens: Int32Array.from(tokens), specialPositions };
}

/**
 * Whether the inputs are a list of prompts, as opposed to a single prompt of token ids.
 *
 * @throws CircuitTracerError `ERR_INVALID_PROMPT` for any other value.
 */
export function isBatch(prompts: unknown): prompts is readonly Prompt[] {
  if (typeof prompts === 'string' || ArrayBuffer.isView(prompts)) return false;
  if (Array.isArray(prompts)) return prompts.length > 0 && typeof prompts[0] !== 'number';
  if (isChat(prompts)) return false;
  throw new CircuitTracerError(
    'ERR_INVALID_PROMPT',
    `Give a prompt (text, token ids or { messages }) or a list of prompts; found ${describe(prompts)}.`,
  );
}

/** @throws CircuitTracerError `ERR_INVALID_PROMPT` for tokens that the model cannot run. */
export function checkTokens(
  tokens: readonly number[],
  { dVocab, maxPositions }: ModelSpec,
  tokenizer?: Tokenizer | undefined,
): void {
  if (tokens.length === 0) {
    throw new CircuitTracerError('ERR_INVALID_PROMPT', 'A prompt must have at least one token; found none.');
  }
  if (tokens.length > maxPositions) {
    throw new CircuitTracerError(
      'ERR_INVALID_PROMPT',
      `The prompt has ${tokens.length} tokens, including special tokens, but the model takes at most ${maxPositions}. ` +
        'Shorten the prompt.',
    );
  }
  const at = tokens.findIndex((id) => !Number.isInteger(id) || id < 0 || id >= dVocab);
  if (at < 0) return;
  const id = tokens[at] as number;
  const name = Number.isInteger(id) && id >= 0 ? (tokenizer?.decodeToken(id) ?? '') : '';
  const shown = name === '' ? describe(id) : `${JSON.stringify(name)}, id ${id},`;
  const advice = name === '' ? '' : ' Remove it from the text: the model has no embedding for it.';
  throw new CircuitTracerError(
    'ERR_INVALID_PROMPT',
    `Token ids must be whole numbers from 0 to ${dVocab - 1}; found ${shown} at position ${at}.${advice}`,
  );
}
