import { basename, join } from 'node:path';
import type { CallOptions } from '../call-options';
import { tokenizerOptions } from '../engine/load-options';
import { CircuitTracerError } from '../errors';
import { absolutePath } from '../io/absolute-path';
import { fileExists, readTextFile } from '../io/files';
import { isObject } from '../is-object';
import { log } from '../log';
import { type OptionsOf, type ResolvedOf, resolveOptions } from '../options';
import { BackgroundEncoder } from '../tokenizer/background';
import { optionalObject, readPipeline } from '../tokenizer/files';
import { withTimeLimit } from '../tokenizer/guard';
import { areKnown } from '../tokenizer/known-patterns';
import type { Pipeline } from '../tokenizer/pipeline';
import { checkText, describe } from '../validate';
import { type ChatMessage, type ChatTemplate, readChatTemplate } from './chat-template';
import { readSpecialTokens, type SpecialTokens } from './special-tokens';

export interface TokenizerOptions extends OptionsOf<typeof tokenizerOptions> {}

/** Tokens of a prompt, and how many leading positions get no features and no errors. */
export interface TokenizedPrompt {
  readonly tokens: number[];
  readonly zeroPositions: number;
}

const instructionPrefix = '<bos><start_of_turn>user\n';

/** Characters that are tokenised at once, in some milliseconds; a longer text goes to a thread. */
const shortText = 4096;
/** For patterns that aren't known to end soon, in milliseconds: of a call, and of the probe when loading. */
const callLimit = 10_000;
const probeLimit = 1000;

interface Parts extends ResolvedOf<typeof tokenizerOptions> {
  readonly pipeline: Pipeline;
  readonly background: BackgroundEncoder;
  readonly special: SpecialTokens;
  readonly needsInstructionPrefix: boolean;
  readonly chatTemplate: (() => ChatTemplate) | undefined;
  readonly stopIds: readonly number[];
}

/** Text to token ids and back, and the rule that a prompt begins with a special token. */
export class Tokenizer {
  readonly #pipeline: Pipeline;
  readonly #background: BackgroundEncoder;
  /** Whether the patterns of the files are known to take time in proportion to the text. */
  readonly #isSteady: boolean;
  readonly #special: SpecialTokens;
  readonly #qwenPrefix: Parts['qwenPrefix'];
  /** What every prompt must begin with; empty unless the model is an instruction-tuned Gemma 3. */
  readonly #requiredPrefix: readonly number[];
  readonly #chatTemplate: (() => ChatTemplate) | undefined;
  /** Tokens that end what the model writes: all that generation_config.json, config.json and the tokenizer name. */
  readonly stopIds: readonly number[];

  private constructor(parts: Parts) {
    this.#pipeline = parts.pipeline;
    this.#background = parts.background;
    this.#isSteady = areKnown(parts.pipeline.patterns);
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
    const folder = absolutePath(checkFolder(dir));
    const [{ pipeline, config, source }, modelConfig, generationConfig] = await Promise.all([
      readPipeline(folder),
      optionalObject(join(folder, 'config.json')),
      optionalObject(join(folder, 'generation_config.json')),
    ]);
    const special = await readSpecialTokens(folder, config, modelConfig, pipeline);
    const tokenizer = new Tokenizer({
      pipeline,
      background: new BackgroundEncoder(source),
      special,
      ...resolveOptions(tokenizerOptions, options),
      needsInstructionPrefix: await isInstructedGemma3(folder, config, modelConfig),
      chatTemplate: await readChatTemplate(folder, config, special.texts),
      stopIds: stopIds(generationConfig, modelConfig, special),
    });
    tokenizer.#probe(folder);
    return tokenizer;
  }

  /** Warns of a tokenizer that loses plain text, though its kind doesn't, and of ids that aren't those of the file. */
  #probe(folder: string): void {
    if (this.#pipeline.moved)
      log().warn({ folder }, 'added tokens have other ids than tokenizer.json says, as in Python');
    if (!this.#pipeline.isLossless) return;
    try {
      const found = withTimeLimit(() => this.decode(this.#pipeline.encode(probeText)), probeLimit);
      if (found.trimStart() !== probeText)
        log().warn({ folder, found }, 'the tokenizer changes a text that it should keep');
    } catch (cause) {
      log().warn({ folder, reason: (cause as Error).message }, 'the tokenizer has no tokens for a plain text');
    }
  }

  /** Number of tokens, added ones included. A model's embedding may have more rows. */
  get vocabSize(): number {
    return this.#pipeline.size;
  }

  /**
   * Ids of the text alone: no special token is added, those written in the text are recognised.
   *
   * It takes about a second for a million characters, in which nothing else runs; see {@link encodeAsync}.
   *
   * @throws CircuitTracerError `ERR_TOKENIZER` for text the tokenizer has no tokens for, or when a pattern of the
   *   tokenizer's files that isn't known to be quick takes more than ten seconds.
   */
  encode(text: string): number[] {
    const run = () => this.#pipeline.encode(text);
    return this.#isSteady ? run() : withTimeLimit(run, callLimit);
  }

  /**
   * As {@link encode}; long texts, and all texts when the tokenizer has patterns that aren't known to be quick, are
   * tokenised on another thread. The signal ends it at once.
   *
   * @throws CircuitTracerError `ERR_TOKENIZER` or `ABORT_ERR`.
   */
  async encodeAsync(text: string, { signal }: Pick<CallOptions, 'signal'> = {}): Promise<number[]> {
    if (this.isQuick(text)) return this.encode(text);
    return Array.from(await this.#background.encode(text, signal));
  }

  /** Whether the text is tokenised on this thread. */
  isQuick(text: string): boolean {
    return this.#isSteady && text.length <= shortText;
  }

  /** Text of the tokens, special ones included. Ids the tokenizer doesn't know add nothing. */
  decode(tokens: Iterable<number>): string {
    return this.#pipeline.decode(tokens);
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
   * @param options With `exact`, the ids (or the text's) are taken as they are. Default false.
   * @throws CircuitTracerError `ERR_INVALID_PROMPT` for no tokens, ids that are no token ids, or the wrong beginning.
   */
  prepare(prompt: string | readonly number[], { exact = false } = {}): TokenizedPrompt {
    return this.#withFront(typeof prompt === 'string' ? this.encode(prompt) : [...prompt], exact);
  }

  /**
   * As {@link prepare}, with a long text tokenised on another thread.
   *
   * @throws CircuitTracerError as {@link prepare} does, or `ABORT_ERR`.
   */
  async prepareAsync(
    prompt: string | readonly number[],
    { exact = false, signal }: { readonly exact?: boolean } & Pick<CallOptions, 'signal'> = {},
  ): Promise<TokenizedPrompt> {
    return this.#withFront(
      typeof prompt === 'string' ? await this.encodeAsync(prompt, { signal }) : [...prompt],
      exact,
    );
  }

  #withFront(tokens: number[], exact: boolean): TokenizedPrompt {
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
    const end = this.#qwenPrefix === 'eos' ? (eos ?? this.#pipeline.id('<|endoftext|>')) : eos;
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

/** Of what every plain tokenizer keeps; with a letter and a sign of several bytes. */
const probeText = "The year 2024: it's a caf\u00e9 \u2013 1, 2 and 3.";

function checkFolder(dir: unknown): string {
  const folder = checkText(dir, 'the folder of the tokenizer');
  if (!folder.includes('\0')) return folder;
  throw new CircuitTracerError(
    'ERR_INVALID_ARGUMENT',
    `A path must not hold a NUL character; found ${describe(folder)}. Give another path.`,
  );
}

/** All that the files name as an end: of generation_config.json, config.json (also of its text part) and the tokenizer. */
function stopIds(
  generationConfig: Record<string, unknown>,
  modelConfig: Record<string, unknown>,
  special: SpecialTokens,
): number[] {
  const text = isObject(modelConfig.text_config) ? modelConfig.text_config.eos_token_id : undefined;
  const named = [generationConfig.eos_token_id, modelConfig.eos_token_id, text, special.eos].flat();
  return [...new Set(named.filter((id) => Number.isSafeInteger(id) && (id as number) >= 0) as number[])];
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
  const template = (await fileExists(file)) ? await readTextFile(file) : '';
  return `${template}${JSON.stringify(config.chat_template ?? '')}`.includes('start_of_turn');
}
