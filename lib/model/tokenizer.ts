import { basename, join } from 'node:path';
import type { CallOptions } from '../call-options';
import { tokenizerOptions } from '../engine/load-options';
import { CircuitTracerError } from '../errors';
import { absolutePath } from '../io/absolute-path';
import { fileExists, readTextFile } from '../io/files';
import { isObject } from '../is-object';
import { lazy } from '../lazy';
import { log } from '../log';
import { type OptionsOf, type ResolvedOf, resolveOptions } from '../options';
import type { BackgroundEncoder } from '../tokenizer/background';
import type { Pipeline } from '../tokenizer/pipeline';
import { checkText, describe } from '../validate';
import { type ChatMessage, type ChatTemplate, readChatTemplate } from './chat-template';
import { readSpecialTokens, type SpecialTokens } from './special-tokens';

const reading = lazy(() => require('../tokenizer') as typeof import('../tokenizer'));
/**
 * The token to prepend to a prompt when the tokenizer has no beginning-of-sequence token (Qwen): the end-of-sequence
 * token as in TransformerLens (`eos`, the default), or the tokenizer's stored tokens, padding first (`pad`).
 */
export interface TokenizerOptions extends OptionsOf<typeof tokenizerOptions> {}

/** The tokens of a prompt, and the number of leading positions that get no features and no errors. */
export interface TokenizedPrompt {
  readonly tokens: number[];
  readonly specialPositions: number;
}

const instructionPrefix = '<bos><start_of_turn>user\n';

/**
 * The longest text, in characters, that is tokenised on this thread, within a few milliseconds. A longer text goes to
 * another thread.
 */
const shortText = 4096;
/** The time limits in milliseconds for patterns that may be slow: for a call, and for the probe at load time. */
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

/** Converts text to token ids and back, and applies the rule that a prompt begins with a special token. */
export class Tokenizer {
  readonly #pipeline: Pipeline;
  readonly #background: BackgroundEncoder;
  /** Whether all patterns of the files are known to run in linear time. */
  readonly #isSteady: boolean;
  readonly #special: SpecialTokens;
  readonly #qwenPrefix: Parts['qwenPrefix'];
  /** The required beginning of every prompt. Empty unless the model is an instruction-tuned Gemma 3. */
  readonly #requiredPrefix: readonly number[];
  readonly #chatTemplate: (() => ChatTemplate) | undefined;
  /** The tokens that end generation: all that generation_config.json, config.json and the tokenizer name. */
  readonly stopIds: readonly number[];

  private constructor(parts: Parts) {
    this.#pipeline = parts.pipeline;
    this.#background = parts.background;
    this.#isSteady = reading().areKnown(parts.pipeline.patterns);
    this.#special = parts.special;
    this.#qwenPrefix = parts.qwenPrefix;
    this.#chatTemplate = parts.chatTemplate;
    this.stopIds = parts.stopIds;
    this.#requiredPrefix = parts.needsInstructionPrefix ? this.encode(instructionPrefix) : [];
  }

  /**
   * Load tokenizer.json and, if present, tokenizer_config.json, special_tokens_map.json, chat_template.jinja,
   * generation_config.json and config.json.
   *
   * @throws CircuitTracerError `ERR_FILE_NOT_FOUND`, `ERR_FILE_READ`, `ERR_FILE_FORMAT`; `ERR_TOKENIZER` when
   * tokenizer.json contains something unsupported.
   */
  static async load(dir: string, options: TokenizerOptions = {}): Promise<Tokenizer> {
    const folder = absolutePath(checkFolder(dir));
    const [{ pipeline, config, source }, modelConfig, generationConfig] = await Promise.all([
      reading().readPipeline(folder),
      reading().optionalObject(join(folder, 'config.json')),
      reading().optionalObject(join(folder, 'generation_config.json')),
    ]);
    const special = await readSpecialTokens(folder, config, modelConfig, pipeline);
    const tokenizer = new Tokenizer({
      pipeline,
      background: new (reading().BackgroundEncoder)(source),
      special,
      ...resolveOptions(tokenizerOptions, options),
      needsInstructionPrefix: await isInstructedGemma3(folder, config, modelConfig),
      chatTemplate: await readChatTemplate(folder, config, special.texts),
      stopIds: stopIds(generationConfig, modelConfig, special),
    });
    tokenizer.#probe(folder);
    return tokenizer;
  }

  /**
   * Warn about a tokenizer that loses plain text although its type should not, and about ids that differ from the file.
   */
  #probe(folder: string): void {
    if (this.#pipeline.moved)
      log().warn({ folder }, 'added tokens have other ids than in tokenizer.json, as in Python');
    if (!this.#pipeline.isLossless) return;
    try {
      const found = reading().withTimeLimit(() => this.decode(this.#pipeline.encode(probeText)), probeLimit);
      if (found.trimStart() !== probeText)
        log().warn({ folder, found }, 'the tokenizer changes a text that it should preserve');
    } catch (cause) {
      log().warn({ folder, reason: (cause as Error).message }, 'the tokenizer has no tokens for a plain text');
    }
  }

  /** The number of tokens, including added ones. The embedding of a model may have more rows. */
  get vocabSize(): number {
    return this.#pipeline.size;
  }

  /**
   * Encode a text. No special token is added, but those written in the text are recognised.
   *
   * A million characters take about a second, which blocks the event loop; see {@link encodeAsync}.
   *
   * @throws CircuitTracerError `ERR_TOKENIZER` for text that the tokenizer cannot represent, or when a pattern of the
   * tokenizer's files takes more than ten seconds.
   */
  encode(text: string): number[] {
    const run = () => this.#pipeline.encode(text);
    return this.#isSteady ? run() : reading().withTimeLimit(run, callLimit);
  }

  /**
   * As {@link encode}, but long texts are tokenised on another thread, as are all texts if the tokenizer has patterns
   * that may be slow. The signal stops it at once.
   *
   * @throws CircuitTracerError `ERR_TOKENIZER` or `ABORT_ERR`.
   */
  async encodeAsync(text: string, { signal }: Pick<CallOptions, 'signal'> = {}): Promise<number[]> {
    if (this.isQuick(text)) return this.encode(text);
    return Array.from(await this.#background.encode(text, signal));
  }

  /** Whether a text is tokenised on this thread. */
  isQuick(text: string): boolean {
    return this.#isSteady && text.length <= shortText;
  }

  /** Decode tokens to text, including special tokens. Unknown ids are skipped. */
  decode(tokens: Iterable<number>): string {
    return this.#pipeline.decode(tokens);
  }

  /**
   * The text of one token: U+FFFD for bytes that do not form a whole character, '' for ids beyond the tokenizer's
   * vocabulary.
   */
  decodeToken(id: number): string {
    return this.decode([id]);
  }

  /**
   * Render a conversation with the model's chat template, with special tokens written out.
   *
   * @throws CircuitTracerError `ERR_TOKENIZER` when the model has no chat template or one that cannot be parsed;
   * `ERR_INVALID_PROMPT` for messages that the template rejects.
   */
  renderChat(messages: readonly ChatMessage[]): string {
    if (this.#chatTemplate) return this.#chatTemplate().render(messages);
    throw new CircuitTracerError(
      'ERR_TOKENIZER',
      'The model has no chat template in chat_template.jinja or tokenizer_config.json. Pass text instead of messages.',
    );
  }

  /**
   * Tokenise a prompt and prepend a special token unless the prompt begins with one. Features at position 0 say little
   * about the text, so a special token takes that position.
   *
   * The prepended token is the first available of the bos, pad and eos tokens and the other named special tokens.
   * Without any, a warning is logged and the prompt is unchanged. Nothing is prepended for an instruction-tuned Gemma
   * 3: its prompts must begin with `<bos><start_of_turn>user` and a line break, and these four positions are zeroed.
   *
   * @param prompt the text, or token ids, to which the same rule applies
   * @param options with `exact`, the token ids are used unchanged. Default false.
   * @throws CircuitTracerError `ERR_INVALID_PROMPT` for an empty prompt, invalid token ids, or the wrong beginning.
   */
  prepare(prompt: string | readonly number[], { exact = false } = {}): TokenizedPrompt {
    return this.#withFront(typeof prompt === 'string' ? this.encode(prompt) : [...prompt], exact);
  }

  /**
   * As {@link prepare}, but a long text is tokenised on another thread.
   *
   * @throws CircuitTracerError as {@link prepare}, or `ABORT_ERR`.
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
      if (required.every((id, at) => tokens[at] === id)) return { tokens, specialPositions: required.length };
      if (!exact) throw this.#wrongBeginning(tokens);
    }
    const [first] = tokens;
    if (exact || this.#special.all.includes(first as number)) return { tokens, specialPositions: 1 };
    const front = this.#frontToken();
    if (front !== undefined) return { tokens: [front, ...tokens], specialPositions: 1 };
    log().warn(
      'the tokenizer names no special token to put in front of the prompt: features of the first token are left out',
    );
    return { tokens, specialPositions: 1 };
  }

  #frontToken(): number | undefined {
    const { bos, pad, eos, all } = this.#special;
    const end = this.#qwenPrefix === 'eos' ? (eos ?? this.#pipeline.id('<|endoftext|>')) : eos;
    const begin = this.#qwenPrefix === 'eos' ? (bos ?? end) : bos;
    // 0 is a valid id.
    return [begin, pad, end, ...all].find((id) => typeof id === 'number');
  }

  #wrongBeginning(tokens: readonly number[]): CircuitTracerError {
    const found = this.decode(tokens.slice(0, 2 * this.#requiredPrefix.length));
    return new CircuitTracerError(
      'ERR_INVALID_PROMPT',
      `A prompt for an instruction-tuned Gemma 3 must begin with ${JSON.stringify(instructionPrefix)} (token ids ` +
        `${this.#requiredPrefix.join(', ')}); found ${describe(found)}. Write out the whole turn.`,
    );
  }
}

function checkIds(tokens: readonly unknown[]): void {
  if (tokens.length === 0) {
    throw new CircuitTracerError('ERR_INVALID_PROMPT', 'A prompt must have at least one token; found none.');
  }
  const at = tokens.findIndex((id) => !Number.isSafeInteger(id) || (id as number) < 0);
  if (at < 0) return;
  throw new CircuitTracerError(
    'ERR_INVALID_PROMPT',
    `Token ids must be whole numbers of 0 or more; found ${describe(tokens[at])} at position ${at}.`,
  );
}

/** A text that every plain tokenizer preserves, with a letter and a sign of several bytes. */
const probeText = "The year 2024: it's a caf\u00e9 \u2013 1, 2 and 3.";

function checkFolder(dir: unknown): string {
  const folder = checkText(dir, 'The folder of the tokenizer');
  if (!folder.includes('\0')) return folder;
  throw new CircuitTracerError(
    'ERR_INVALID_ARGUMENT',
    `A path must not contain a NUL character; found ${describe(folder)}.`,
  );
}

/** The end tokens of generation_config.json, config.json (including its text section) and the tokenizer. */
function stopIds(
  generationConfig: Record<string, unknown>,
  modelConfig: Record<string, unknown>,
  special: SpecialTokens,
): number[] {
  const text = isObject(modelConfig.text_config) ? modelConfig.text_config.eos_token_id : undefined;
  const named = [generationConfig.eos_token_id, modelConfig.eos_token_id, text, special.eos].flat();
  return [...new Set(named.filter((id) => Number.isSafeInteger(id) && (id as number) >= 0) as number[])];
}

/**
 * Whether a model is an instruction-tuned Gemma 3: by the name of published models, or by its chat template, which base
 * models do not have.
 */
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

/** The text of one token by itself; without a tokenizer, its id in digits. */
export function tokenText(tokenizer: Pick<Tokenizer, 'decodeToken'> | undefined, tokenId: number): string {
  return tokenizer?.decodeToken(tokenId) ?? String(tokenId);
}
