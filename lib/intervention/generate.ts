import type { Activations } from '../engine/arrays';
import type { NativeIntervention, NativeInterventionResult, NativeKeyValueCache } from '../engine/binding';
import { nativeProgress } from '../engine/jobs';
import type { ModelSpec } from '../engine/model-spec';
import type { NativeModel } from '../engine/native-model';
import type { TranscoderSpec } from '../engine/transcoder-spec';
import type { PreparedPrompt } from '../model/prompt';
import type { Tokenizer } from '../model/tokenizer';
import { Phase } from '../progress';
import { Random } from '../random';
import { argumentError } from '../validate';
import { concatenated } from './concatenate';
import type { EditPlan } from './edits';
import { shaped } from './intervene';
import { Logits } from './logits';
import type { ResolvedGenerateOptions } from './options';
import { GenerateResult } from './results';
import { chooseToken } from './sampling';
import type { GeneratedToken } from './types';

/** The parts of a model that generation needs. */
export interface GeneratingModel {
  readonly native: NativeModel;
  readonly spec: ModelSpec;
  readonly transcoderSpec: TranscoderSpec;
  readonly tokenizer: Tokenizer | undefined;
  /** The text of a single token. */
  readonly decode: (tokenId: number) => string;
}

/** @throws CircuitTracerError `ERR_INVALID_ARGUMENT` when the new tokens exceed the positions of the model. */
export function checkRoom(prompt: number, maxNewTokens: number, { maxPositions }: ModelSpec): void {
  // The last token is not run.
  if (prompt + maxNewTokens - 1 <= maxPositions) return;
  throw argumentError(
    `maxNewTokens must be at most ${maxPositions - prompt + 1}, because the model has ${maxPositions} positions ` +
      `and the prompt has ${prompt} tokens; found ${maxNewTokens}.`,
  );
}

/**
 * Yields new tokens one by one. The generator's return value is the whole result.
 *
 * Freezing covers the prompt. New positions run freely, and only open-ended interventions edit them.
 */
export async function* generateTokens(
  model: GeneratingModel,
  prompt: PreparedPrompt,
  plan: EditPlan,
  options: ResolvedGenerateOptions,
): AsyncGenerator<GeneratedToken, GenerateResult> {
  const passes = new Passes(model, prompt, plan, options);
  const text = new GrowingText(model.tokenizer, prompt.tokens);
  const random = new Random(options.sampling.seed);
  const counts = new Map<number, number>();
  let progress: Phase | undefined;
  try {
    while (passes.nNew < options.maxNewTokens) {
      const logits = await passes.next();
      progress ??= new Phase(options.onProgress, 'generate', options.maxNewTokens);
      progress.add(1);
      const tokenId = chooseToken(logits, counts, options.sampling, random);
      counts.set(tokenId, (counts.get(tokenId) ?? 0) + 1);
      passes.append(tokenId);
      yield { tokenId, token: decode(model.tokenizer, [tokenId]), text: text.append(tokenId), logits };
      if (options.stopIds.has(tokenId)) break;
    }
    progress?.end();
    return new GenerateResult({ ...text.result(), ...passes.result() });
  } finally {
    passes.dispose();
  }
}

/** The passes over the prompt and the new tokens, with their results. */
class Passes {
  readonly #model: GeneratingModel;
  readonly #prompt: PreparedPrompt;
  readonly #plan: EditPlan;
  readonly #options: ResolvedGenerateOptions;
  readonly #tokens: number[];
  readonly #logits: Float32Array[] = [];
  readonly #rawLogits: Float32Array[] = [];
  #activations: Activations[] = [];
  #cache: NativeKeyValueCache | undefined;

  constructor(model: GeneratingModel, prompt: PreparedPrompt, plan: EditPlan, options: ResolvedGenerateOptions) {
    this.#model = model;
    this.#prompt = prompt;
    this.#plan = plan;
    this.#options = options;
    this.#tokens = Array.from(prompt.tokens);
    if (options.kvCache) this.#cache = model.native.newKeyValueCache();
  }

  get nNew(): number {
    return this.#tokens.length - this.#prompt.tokens.length;
  }

  append(tokenId: number): void {
    this.#tokens.push(tokenId);
  }

  /** Run the tokens that have not been run. Returns the logits of the last position, [dVocab]. */
  async next(): Promise<Float32Array> {
    const start = this.#cache && this.nNew > 0 ? this.#tokens.length - 1 : 0;
    const { logits, rawLogits, activations } = await this.#run(start);
    const last = lastRow(logits);
    this.#logits.push(last);
    if (this.#options.rawLogits) this.#rawLogits.push(lastRow(rawLogits));
    const found = shaped(activations, this.#tokens.length - start, this.#model.transcoderSpec);
    if (found) this.#activations = start === 0 ? [found] : [...this.#activations, found];
    return last;
  }

  #run(start: number): Promise<NativeInterventionResult> {
    const { native, signal, onProgress } = this.#options;
    const { tokens, specialPositions } = this.#prompt;
    const isFirst = start === 0;
    // Later passes are steps of the phase `generate`.
    const listener = this.nNew === 0 ? onProgress : undefined;
    const pass: NativeIntervention = {
      ...native,
      ...this.#plan.between(start, this.#tokens.length),
      tokens: Int32Array.from(this.#tokens.slice(start)),
      specialPositions: isFirst ? specialPositions : 0,
      frozenPositions: isFirst ? tokens.length : 0,
      // Cached positions keep their values. A new position has no clean run to follow.
      ...(isFirst ? {} : { freezeAttention: false, constrainedLayers: [] }),
    };
    return this.#model.native.run(
      (engine, transformer, transcoders) =>
        engine.intervene(transformer, transcoders, pass, this.#cache ?? null, nativeProgress(listener)),
      signal,
    );
  }

  result(): Omit<GenerateResult, 'text' | 'newText' | 'topTokens'> {
    const { decode, spec } = this.#model;
    const rows = (logits: readonly Float32Array[]) =>
      new Logits({ data: joined(logits), shape: [logits.length, spec.dVocab] }, decode);
    return {
      tokens: Int32Array.from(this.#tokens),
      newTokens: Int32Array.from(this.#tokens.slice(this.#prompt.tokens.length)),
      logits: rows(this.#logits),
      rawLogits: this.#options.rawLogits ? rows(this.#rawLogits) : undefined,
      activations: concatenated(this.#activations),
    };
  }

  dispose(): void {
    this.#cache?.dispose();
  }
}

/** Text that grows by one token at a time, where a character may take several tokens. */
class GrowingText {
  readonly #tokenizer: Tokenizer | undefined;
  readonly #tokens: number[];
  readonly #promptLength: number;
  #emitted: number;

  constructor(tokenizer: Tokenizer | undefined, prompt: Int32Array) {
    this.#tokenizer = tokenizer;
    this.#tokens = Array.from(prompt);
    this.#promptLength = decode(tokenizer, this.#tokens).length;
    this.#emitted = this.#promptLength;
  }

  /** The text that the token adds. '' while its last character is incomplete. */
  append(tokenId: number): string {
    this.#tokens.push(tokenId);
    const text = decode(this.#tokenizer, this.#tokens);
    if (text.endsWith('\ufffd')) return '';
    const added = text.slice(this.#emitted);
    this.#emitted = text.length;
    return added;
  }

  result(): Pick<GenerateResult, 'text' | 'newText'> {
    const text = decode(this.#tokenizer, this.#tokens);
    return { text, newText: text.slice(this.#promptLength) };
  }
}

function decode(tokenizer: Tokenizer | undefined, tokens: readonly number[]): string {
  return tokenizer?.decode(tokens) ?? tokens.join(' ');
}

/** Copy one row, so that the others can be freed. */
function lastRow({ data, shape }: { data: Float32Array; shape: readonly number[] }): Float32Array {
  return data.slice(data.length - (shape[1] as number));
}

function joined(rows: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(rows.reduce((total, row) => total + row.length, 0));
  let at = 0;
  for (const row of rows) {
    all.set(row, at);
    at += row.length;
  }
  return all;
}
