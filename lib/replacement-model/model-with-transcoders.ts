import { type InspectOptions, inspect } from 'node:util';
import { runAttribution } from '../attribution/attribute';
import { buildGraph } from '../attribution/build-graph';
import { type AttributeOptions, resolveAttributeOptions } from '../attribution/options';
import { type CallOptions, resolveCallOptions } from '../call-options';
import type { NdArray, SparseActivations, SparseList } from '../engine/arrays';
import { nativeProgress } from '../engine/jobs';
import type { ComputeDtype } from '../engine/load-options';
import type { ModelSpec } from '../engine/model-spec';
import type { NativeModel } from '../engine/native-model';
import type { TranscoderSpec } from '../engine/transcoder-spec';
import type { Fingerprints } from '../fingerprint/fingerprint';
import type { Graph } from '../graph/graph';
import type { FeatureLabels } from '../graph-file/labels';
import { EditPlan } from '../intervention/edits';
import { checkRoom, generateTokens } from '../intervention/generate';
import { runIntervention } from '../intervention/intervene';
import { Logits } from '../intervention/logits';
import {
  type GenerateOptions,
  type InterveneOptions,
  resolveGenerateOptions,
  resolveInterveneOptions,
} from '../intervention/options';
import type { GenerateResult, InterveneResult } from '../intervention/results';
import type { GeneratedToken, Intervention } from '../intervention/types';
import { checkHookNames } from '../model/hooks';
import { isBatch, type PreparedPrompt, type Prompt, preparePrompt } from '../model/prompt';
import { type Tokenizer, tokenText } from '../model/tokenizer';
import { resolveOptions } from '../options';
import { checkInteger } from '../validate';
import { attributionSetup, attributionTargets } from './attribution';
import { featureActivations } from './feature-activations';
import type { ModelParts } from './parts';
import { warnOfFit } from './reconstruction';
import {
  type AttributionSetup,
  checkActivationsSize,
  checkLogitsSize,
  type FeatureActivations,
  type FeatureLogits,
} from './results';
import { type ActivationOptions, activationOptions, type RunOptions, runOptions } from './run-options';
import type { RunningModel } from './running-model';

/**
 * A language model with the transcoders that stand in for its MLPs: what a loaded model and one built in memory share.
 *
 * All computing happens on a thread of the model's own; calls queue there and never block the event loop. Free it with
 * `dispose()` or `await using`.
 */
export abstract class ModelWithTranscoders {
  readonly spec: ModelSpec;
  readonly transcoderSpec: TranscoderSpec;
  /** Undefined for a model built in memory, whose prompts are token ids. */
  abstract readonly tokenizer: Tokenizer | undefined;
  /** The device in use: `cpu`, `cuda:N` or `mps`. */
  readonly device: string;
  readonly dtype: ComputeDtype;
  /** Last part of the model's folder or repository; the family for a model built in memory. */
  readonly name: string;
  /** What features stand for, where the folder of transcoders has a labels file. */
  readonly labels: FeatureLabels;
  /** The packed examples of features beside the transcoders, for `openFeatureSource`; undefined when there are none. */
  readonly featuresDirectory: string | undefined;
  /** Of the model and of the transcoders: kept in graphs, so that `verify` can tell what a graph was made with. */
  readonly fingerprints: Fingerprints;
  readonly #native: NativeModel;

  /** @internal */
  protected constructor(parts: ModelParts) {
    this.spec = parts.spec;
    this.transcoderSpec = parts.transcoderSpec;
    this.device = parts.native.device;
    this.dtype = parts.dtype;
    this.name = parts.name;
    this.labels = parts.labels;
    this.featuresDirectory = parts.featuresDirectory;
    this.fingerprints = parts.fingerprints;
    this.#native = parts.native;
  }

  /**
   * The attribution graph of a prompt: text, token ids, or a conversation.
   *
   * @example
   * const graph = await model.attribute('The capital of France is', { maxFeatureNodes: 4096 });
   *
   * A special token is put in front unless the first one is special; special positions get no features.
   *
   * @throws CircuitTracerError `ERR_INVALID_PROMPT`, `ERR_INVALID_ARGUMENT` (also naming the entry of `targets` that can't
   * be), `ERR_DEVICE`, `ERR_OUT_OF_MEMORY` (saying which batch size to try), `ERR_NUMERIC`, `ERR_FILE_WRITE` (offloading),
   * `ERR_DISPOSED` or `ABORT_ERR`.
   */
  async attribute(prompt: Prompt, options?: AttributeOptions): Promise<Graph> {
    const resolved = resolveAttributeOptions(options);
    this.#native.checkUsable();
    const given = this.#prepare(prompt, resolved);
    const prepared = 'tokens' in given ? given : await given;
    const targets =
      resolved.targets && (await attributionTargets(this.#running(), resolved.targets, prepared, resolved.signal));
    const natives = targets?.map(({ native }) => native) ?? [];
    const data = await runAttribution(this.#native, prepared, resolved, natives);
    warnOfFit(data.reconstructionSums, prepared.tokens.length - prepared.specialPositions, this.transcoderSpec);
    return buildGraph(this, prepared, data, resolved, targets);
  }

  /**
   * What attribution starts from: inputs and outputs of the features, active features, reconstruction, error and token
   * vectors of a prompt. {@link AttributionSetup} says the shapes.
   *
   * @throws CircuitTracerError `ERR_INVALID_PROMPT`, `ERR_INVALID_ARGUMENT`, `ERR_OUT_OF_MEMORY`, `ERR_DISPOSED` or `ABORT_ERR`.
   */
  async setupAttribution(prompt: Prompt, options: RunOptions = {}): Promise<AttributionSetup> {
    const { exactTokens, signal, onProgress } = resolveOptions(runOptions, options);
    const prepared = this.#prepare(prompt, { exactTokens, signal });
    const call = { signal, onProgress };
    return attributionSetup(this.#running(), 'tokens' in prepared ? prepared : await prepared, call);
  }

  /**
   * Logits of every position, [n, dVocab], after the softcap.
   *
   * @throws CircuitTracerError as {@link runWithCache}
   *
   * @example
   * const logits = await model.forward('The capital of France is');
   * console.log(logits.topTokens(3));
   */
  async forward(prompt: Prompt, options?: RunOptions): Promise<Logits> {
    return (await this.runWithCache(prompt, [], options)).logits;
  }

  /**
   * Logits and the named activations; `hookNames(model.spec)` lists all names, with TransformerLens' spelling.
   *
   * @returns logits [n, dVocab], after the softcap; `cache` has the value at each hook point, by name
   * @throws CircuitTracerError `ERR_INVALID_ARGUMENT` naming a hook this model lacks and the nearest it has;
   * `ERR_INVALID_PROMPT`, `ERR_OUT_OF_MEMORY`, `ERR_DISPOSED` or `ABORT_ERR`.
   */
  async runWithCache(
    prompt: Prompt,
    hookNames: readonly string[],
    options: RunOptions = {},
  ): Promise<{ logits: Logits; cache: Record<string, NdArray> }> {
    const { exactTokens, signal, onProgress } = resolveOptions(runOptions, options);
    const names = checkHookNames(hookNames, this.spec);
    const given = this.#prepare(prompt, { exactTokens, signal });
    const { tokens } = 'tokens' in given ? given : await given;
    checkLogitsSize(tokens, this.spec);
    const { logits, activations } = await this.#native.run(
      (engine, transformer) => engine.forward(transformer, tokens, names, nativeProgress(onProgress)),
      signal,
    );
    return { logits: new Logits(logits, this.#running().decode), cache: activations };
  }

  /**
   * Activations of every feature at every position, of one prompt or of a list of prompts. Prompts of a list run one by
   * one, never padded, so each has the numbers it has alone.
   *
   * @returns dense activations, [nLayers, n, most features of a layer]; with `sparse: true` the non-zero ones by index
   * @throws CircuitTracerError `ERR_INVALID_PROMPT`, `ERR_INVALID_ARGUMENT`, `ERR_OUT_OF_MEMORY`, `ERR_DISPOSED` or `ABORT_ERR`.
   */
  getActivations(
    prompt: Prompt,
    options: ActivationOptions & { sparse: true },
  ): Promise<FeatureActivations<SparseActivations>>;
  getActivations(
    prompt: Prompt,
    options?: ActivationOptions & { sparse?: false },
  ): Promise<FeatureActivations<NdArray>>;
  getActivations(
    prompts: readonly Prompt[],
    options: ActivationOptions & { sparse: true },
  ): Promise<FeatureActivations<SparseActivations>[]>;
  getActivations(
    prompts: readonly Prompt[],
    options?: ActivationOptions & { sparse?: false },
  ): Promise<FeatureActivations<NdArray>[]>;
  async getActivations(
    prompts: Prompt | readonly Prompt[],
    options: ActivationOptions = {},
  ): Promise<FeatureActivations | FeatureActivations[]> {
    const resolved = resolveOptions(activationOptions, options);
    const batched = isBatch(prompts);
    const given = (batched ? prompts : [prompts]).map((prompt) => this.#prepare(prompt, resolved));
    const prepared = given.every((prompt) => 'tokens' in prompt) ? given : await Promise.all(given);
    const results = await featureActivations(this.#running(), prepared, resolved);
    return batched ? results : (results[0] as FeatureActivations);
  }

  /**
   * Active features of documents, run one by one, with fewer calls than {@link getActivations}: their tokens in a row, and
   * the length of each. Positions count along the row; the first `specialPositions` tokens of each document get no features.
   *
   * @internal
   */
  async documentActivations(
    tokens: Int32Array,
    lengths: Int32Array,
    specialPositions: number,
    signal?: AbortSignal,
  ): Promise<SparseList> {
    return this.#native.run(
      (engine, model, set) => engine.documentActivations(model, set, tokens, lengths, specialPositions),
      signal,
    );
  }

  /**
   * The tokens whose logits each feature of a layer raises most, and lowers most, by what it writes in all its layers.
   *
   * @param count of tokens each, at most dVocab
   * @returns token ids, [features of the layer * count] each
   * @throws CircuitTracerError `ERR_INVALID_ARGUMENT`, `ERR_DISPOSED` or `ABORT_ERR`.
   */
  async featureLogits(layer: number, count: number, options?: CallOptions): Promise<FeatureLogits> {
    const { signal, onProgress } = resolveCallOptions(options);
    checkInteger(layer, 'layer', 0, this.spec.nLayers - 1);
    checkInteger(count, 'count', 1, this.spec.dVocab);
    return this.#native.run(
      (engine, model, set) => engine.logitEffects(model, set, layer, count, nativeProgress(onProgress)),
      signal,
    );
  }

  /**
   * Run a prompt with features set, scaled or added to, or with vectors added at hook points.
   *
   * @param interventions an empty list gives the clean run
   * @returns logits and activations of the edited run
   * @example
   * const edits = [{ layer: 3, position: -1, feature: 120, value: 0 }];
   * console.log((await model.intervene(prompt, edits)).topTokens(5));
   *
   * @throws CircuitTracerError `ERR_INVALID_ARGUMENT` naming the entry of `interventions` that can't be,
   * `ERR_INVALID_PROMPT`, `ERR_NUMERIC`, `ERR_OUT_OF_MEMORY`, `ERR_DISPOSED` or `ABORT_ERR`.
   */
  async intervene(
    prompt: Prompt,
    interventions: readonly Intervention[],
    options: InterveneOptions = {},
  ): Promise<InterveneResult> {
    const resolved = resolveInterveneOptions(options, this.spec);
    const given = this.#prepare(prompt, resolved);
    const prepared = 'tokens' in given ? given : await given;
    const plan = this.#plan(interventions, prepared, false);
    checkLogitsSize(prepared.tokens, this.spec);
    const { activations, sparse } = resolved.native;
    if (activations !== 'none' && !sparse) checkActivationsSize(prepared.tokens, this.transcoderSpec);
    return runIntervention(this.#native, prepared, plan, this.#running(), resolved);
  }

  /**
   * Continue a prompt, also under interventions: as {@link generateStream}, all at once.
   *
   * @example
   * const { newText } = await model.generate('The capital of France is', { maxNewTokens: 5 });
   */
  async generate(prompt: Prompt, options?: GenerateOptions): Promise<GenerateResult> {
    const stream = this.generateStream(prompt, options);
    let step = await stream.next();
    while (!step.done) step = await stream.next();
    return step.value;
  }

  /**
   * Continue a prompt token by token, as an async iterator whose return value is the whole.
   *
   * Of `interventions`, the open-ended ones reach every new token, the others the prompt alone. Freezing applies to the
   * prompt. Leaving the loop early stops the model after the token it is at; so does the signal.
   *
   * @throws CircuitTracerError as {@link intervene} does, from the first step on; also for more tokens than there is room for.
   */
  async *generateStream(
    prompt: Prompt,
    options: GenerateOptions = {},
  ): AsyncGenerator<GeneratedToken, GenerateResult, undefined> {
    const { spec, tokenizer } = this;
    const resolved = resolveGenerateOptions(options, spec, tokenizer);
    const given = this.#prepare(prompt, resolved);
    const prepared = 'tokens' in given ? given : await given;
    checkRoom(prepared.tokens.length, resolved.maxNewTokens, spec);
    checkLogitsSize(prepared.tokens, spec);
    const plan = this.#plan(options.interventions ?? [], prepared, true);
    return yield* generateTokens(this.#running(), prepared, plan, resolved);
  }

  /** The text of one token by itself; for a model without tokenizer, its id in digits. */
  decodeToken(tokenId: number): string {
    return tokenText(this.tokenizer, tokenId);
  }

  /** Calls queued or running, one at a time and in order; each prompt of a batch and each new token counts as one. */
  get pending(): number {
    return this.#native.pending;
  }

  #plan(interventions: readonly Intervention[], { tokens }: PreparedPrompt, generating: boolean): EditPlan {
    const { spec, transcoderSpec: transcoders } = this;
    return new EditPlan(interventions, { spec, transcoders, prompt: tokens.length, generating });
  }

  /** Free the model's memory. Calls still running reject with `ABORT_ERR`, later ones with `ERR_DISPOSED`. Idempotent. */
  dispose(): Promise<void> {
    return this.#native.dispose();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  /**
   * What `console.log` shows: what it is, without labels and sizes.
   *
   * @internal
   */
  [inspect.custom](_depth: number, options: InspectOptions): string {
    const { name, spec, transcoderSpec, device, dtype } = this;
    const shown = { name, family: spec.family, layers: spec.nLayers, transcoders: transcoderSpec.scan, device, dtype };
    return `${this.constructor.name} ${inspect(shown, options)}`;
  }

  /** What the calls that run the model share. */
  #running(): RunningModel {
    const { spec, transcoderSpec, tokenizer } = this;
    const decode = (tokenId: number) => this.decodeToken(tokenId);
    return { native: this.#native, spec, transcoderSpec, tokenizer, decode };
  }

  #prepare(
    prompt: Prompt,
    { exactTokens, signal }: { readonly exactTokens: boolean; readonly signal?: AbortSignal | undefined },
  ): PreparedPrompt | Promise<PreparedPrompt> {
    this.#native.checkUsable();
    return preparePrompt(prompt, this.spec, this.tokenizer, exactTokens, signal);
  }
}
