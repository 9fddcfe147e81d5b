import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { CircuitTracerError } from '../errors';
import { absolutePath } from '../io/absolute-path';
import { fileExists, isObject, readJsonObject } from '../io/files';
import { log } from '../log';
import { describe } from '../validate';
import { type ChatMessage, type ChatTemplate, readChatTemplate } from './chat-template';
import { readSpecialTokens, type SpecialTokens } from './special-tokens';

/** The part of `@huggingface/tokenizers` used here; its own declarations can't be resolved from CommonJS. */
interface HubTokenizer {
  encode(text: string, options: { add_special_tokens: boolean }): { ids: (number | undefined)[]; tokens: string[] };
  decode(ids: number[], options: { clean_up_tokenization_spaces: boolean }): string;
  token_to_id(token: string): number | undefined;
  id_to_token(id: number): string | undefined;
  get_vocab(): Map<string, number>;
}

export interface TokenizerOptions {
  /**
   * What goes in front of a prompt when the tokenizer has no beginning-of-sequence token (Qwen): the end-of-sequence token,
   * as TransformerLens does (`eos`, the default), or the tokenizer's tokens as stored, padding first (`pad`).
   */
  readonly qwenPrefix?: 'eos' | 'pad';
}

/** Tokens of a prompt, and how many leading positions get no features and no errors. */
export interface TokenizedPrompt {
  readonly tokens: number[];
  readonly zeroPositions: number;
}

const instructionPrefix = '<bos><start_of_turn>user\n';

interface Parts {
  readonly tokenizer: HubTokenizer;
  readonly special: SpecialTokens;
  readonly qwenPrefix: 'eos' | 'pad';
  readonly needsInstructionPrefix: boolean;
  readonly chatTemplate: (() => ChatTemplate) | undefined;
  readonly stopIds: readonly number[];
}

/** Text to token ids and back, and the rule that a prompt begins with a special token. */
export class Tokenizer {
  readonly #tokenizer: HubTokenizer;
  readonly #special: SpecialTokens;
  readonly #qwenPrefix: 'eos' | 'pad';
  /** What every prompt must begin with; empty unless the model is an instruction-tuned Gemma 3. */
  readonly #requiredPrefix: readonly number[];
  readonly #chatTemplate: (() => ChatTemplate) | undefined;
  /** Tokens that end what the model writes: those of generation_config.json and the end-of-sequence token. */
  readonly stopIds: readonly number[];
  #vocabSize: number | undefined;

  private constructor(parts: Parts) {
    this.#tokenizer = parts.tokenizer;
    this.#special = parts.special;
    this.#qwenPrefix = parts.qwenPrefix;
    this.#chatTemplate = parts.chatTemplate;
    this.stopIds = parts.stopIds;
    this.#requiredPrefix = parts.needsInstructionPrefix ? this.encode(instructionPrefix) : [];
  }

  /**
   * Load tokenizer.json, and tokenizer_config.json, special_tokens_map.json, chat_template.jinja, generation_config.json
   * and config.json where they are.
   *
   * @throws CircuitTracerError `ERR_FILE_NOT_FOUND`, `ERR_FILE_READ`, `ERR_FILE_FORMAT`; `ERR_TOKENIZER` when tokenizer.json
   *   describes something that can't be run.
   */
  static async load(dir: string, options: TokenizerOptions = {}): Promise<Tokenizer> {
    const folder = absolutePath(dir);
    const file = join(folder, 'tokenizer.json');
    const [definition, config, modelConfig, generationConfig] = await Promise.all([
      readJsonObject(file),
      optionalObject(join(folder, 'tokenizer_config.json')),
      optionalObject(join(folder, 'config.json')),
      optionalObject(join(folder, 'generation_config.json')),
    ]);
    const tokenizer = await build(file, definition, config);
    const special = await readSpecialTokens(folder, config, modelConfig, (token) => tokenizer.token_to_id(token));
    const ends = [generationConfig.eos_token_id, special.eos].flat().filter((id) => Number.isSafeInteger(id));
    return new Tokenizer({
      tokenizer,
      special,
      qwenPrefix: options.qwenPrefix ?? 'eos',
      needsInstructionPrefix: await isInstructedGemma3(folder, config, modelConfig),
      chatTemplate: await readChatTemplate(folder, config),
      stopIds: [...new Set(ends as number[])],
    });
  }

  /** Number of tokens, added ones included. A model's embedding may have more rows. */
  get vocabSize(): number {
    this.#vocabSize ??= this.#tokenizer.get_vocab().size;
    return this.#vocabSize;
  }

  /**
   * Ids of the text alone: no special token is added, those written in the text are recognised.
   *
   * @throws CircuitTracerError `ERR_TOKENIZER` for text the tokenizer has no tokens for.
   */
  encode(text: string): number[] {
    if (text === '') return [];
    const { ids, tokens } = this.#tokenizer.encode(text, { add_special_tokens: false });
    const unknown = ids.findIndex((id) => !Number.isInteger(id));
    if (unknown < 0) return ids as number[];
    throw new CircuitTracerError(
      'ERR_TOKENIZER',
      `The tokenizer has no token for ${describe(tokens[unknown])} and none that stands for unknown text; leave it out.`,
    );
  }

  /** Text of the tokens, special ones included. Ids the tokenizer doesn't know add nothing. */
  decode(tokens: Iterable<number>): string {
    const known = Array.from(tokens).filter((id) => this.#tokenizer.id_to_token(id) !== undefined);
    // Spaces before punctuation stay: cleaning them up would show text the model didn't see.
    return known.length === 0 ? '' : this.#tokenizer.decode(known, { clean_up_tokenization_spaces: false });
  }

  /** Text of one token: U+FFFD for bytes that are no whole character, '' for ids beyond the tokenizer's vocabulary. */
  decodeToken(id: number): string {
    return this.decode([id]);
  }

  /**
   * A conversation as the model's own chat template writes it, special tokens written out.
   *
   * @throws CircuitTracerError `ERR_TOKENIZER` when the model has no chat template or one that can't be parsed;
   *   `ERR_INVALID_PROMPT` for messages the template refuses.
   */
  renderChat(messages: readonly ChatMessage[]): string {
    if (this.#chatTemplate) return this.#chatTemplate().render(messages);
    throw new CircuitTracerError(
      'ERR_TOKENIZER',
      'messages need a chat template, and the model has none in chat_template.jinja or tokenizer_config.json: give text.',
    );
  }

  /**
   * Tokenise a prompt and put a special token in front unless one is there: features at position 0 tell little of the
   * text, so that position is given to a token that isn't part of it.
   *
   * In front goes the first there is of the bos, pad and eos tokens and the other named special ones. Without any, a
   * warning is logged and the prompt stays as it is. An instruction-tuned Gemma 3 gets nothing in front: its prompts must
   * begin with `<bos><start_of_turn>user` and a line break, and these four positions are zeroed.
   *
   * @param prompt Text, or ids, to which the same rule applies.
   * @param options.exact Take the ids (or the text's) as they are. Default false.
   * @throws CircuitTracerError `ERR_INVALID_PROMPT` for no tokens, ids that are no token ids, or the wrong beginning.
   */
  prepare(prompt: string | readonly number[], { exact = false } = {}): TokenizedPrompt {
    const tokens = typeof prompt === 'string' ? this.encode(prompt) : [...prompt];
    checkIds(tokens);
    const required = this.#requiredPrefix;
    if (required.length > 0) {
      if (required.every((id, at) => tokens[at] === id)) return { tokens, zeroPositions: required.length };
      if (!exact) throw this.#wrongBeginning(tokens);
    }
    const [first] = tokens;
    if (exact || this.#special.all.includes(first as number)) return { tokens, zeroPositions: 1 };
    const front = this.#frontToken();
    if (front !== undefined) return { tokens: [front, ...tokens], zeroPositions: 1 };
    log().warn(
      'the tokenizer names no special token to put in front of the prompt: features of the first token are left out',
    );
    return { tokens, zeroPositions: 1 };
  }

  #frontToken(): number | undefined {
    const { bos, pad, eos, all } = this.#special;
    const end = this.#qwenPrefix === 'eos' ? (eos ?? this.#tokenizer.token_to_id('<|endoftext|>')) : eos;
    const begin = this.#qwenPrefix === 'eos' ? (bos ?? end) : bos;
    // 0 is an id like any other.
    return [begin, pad, end, ...all].find((id) => typeof id === 'number');
  }

  #wrongBeginning(tokens: readonly number[]): CircuitTracerError {
    const found = this.decode(tokens.slice(0, 2 * this.#requiredPrefix.length));
    return new CircuitTracerError(
      'ERR_INVALID_PROMPT',
      `A prompt for an instruction-tuned Gemma 3 must begin with ${JSON.stringify(instructionPrefix)} (token ids ` +
        `${this.#requiredPrefix.join(', ')}); found ${describe(found)}. Write the turn out in full.`,
    );
  }
}

function checkIds(tokens: readonly unknown[]): void {
  if (tokens.length === 0) {
    throw new CircuitTracerError('ERR_INVALID_PROMPT', 'A prompt must hold at least one token; found none.');
  }
  const at = tokens.findIndex((id) => !Number.isSafeInteger(id) || (id as number) < 0);
  if (at < 0) return;
  throw new CircuitTracerError(
    'ERR_INVALID_PROMPT',
    `Token ids must be whole numbers of 0 or more; found ${describe(tokens[at])} at position ${at}.`,
  );
}

async function optionalObject(path: string): Promise<Record<string, unknown>> {
  return (await fileExists(path)) ? readJsonObject(path) : {};
}

async function build(
  file: string,
  definition: Record<string, unknown>,
  config: Record<string, unknown>,
): Promise<HubTokenizer> {
  const hub = await import('@huggingface/tokenizers');
  try {
    const complete = { ...definition, added_tokens: addedTokens(definition, config) };
    return new hub.Tokenizer(complete, config) as HubTokenizer;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CircuitTracerError('ERR_TOKENIZER', `${file}: expected a tokenizer this package can run: ${reason}`, {
      cause,
    });
  }
}

/** Those of tokenizer.json, and those only tokenizer_config.json lists. */
function addedTokens(definition: Record<string, unknown>, config: Record<string, unknown>): unknown[] {
  const listed = Array.isArray(definition.added_tokens) ? definition.added_tokens : [];
  const known = new Set(listed.map((token) => token?.id));
  const more = isObject(config.added_tokens_decoder) ? Object.entries(config.added_tokens_decoder) : [];
  const missing = more.filter(([id, token]) => isObject(token) && !known.has(Number(id)));
  return [...listed, ...missing.map(([id, token]) => ({ ...(token as object), id: Number(id) }))];
}

/** By name, as published models are called, or by the chat template, which the base models don't have. */
async function isInstructedGemma3(
  folder: string,
  config: Record<string, unknown>,
  modelConfig: Record<string, unknown>,
): Promise<boolean> {
  const names = [folder, modelConfig._name_or_path].filter((name) => typeof name === 'string');
  if (names.some((name) => basename(name).includes('gemma-3') && basename(name).endsWith('-it'))) return true;
  if (modelConfig.model_type !== 'gemma3' && modelConfig.model_type !== 'gemma3_text') return false;
  const file = join(folder, 'chat_template.jinja');
  const template = (await fileExists(file)) ? await readFile(file, 'utf8') : '';
  return `${template}${JSON.stringify(config.chat_template ?? '')}`.includes('start_of_turn');
}
