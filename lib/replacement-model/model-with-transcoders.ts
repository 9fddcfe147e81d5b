import { runAttribution } from '../attribution/attribute';
import { buildGraph } from '../attribution/build-graph';
import { type AttributeOptions, resolveAttributeOptions } from '../attribution/options';
import { type ResolvedTarget, resolveTargets, type TargetSpec } from '../attribution/targets';
import { type CallOptions, resolveCallOptions } from '../call-options';
import type { NdArray, SparseActivations, SparseList } from '../engine/arrays';
import { nativeProgress } from '../engine/jobs';
import type { ComputeDtype, ResolvedLoadOptions } from '../engine/load-options';
import type { ModelSpec, ModelWeights } from '../engine/model-spec';
import { NativeModel } from '../engine/native-model';
import type { TranscoderPlan, TranscoderSpec } from '../engine/transcoder-spec';
import { type Fingerprints, fingerprintsOf } from '../fingerprint/fingerprint';
import type { Graph } from '../graph/graph';
import type { FeatureLabels } from '../graph-file/labels';
import { EditPlan } from '../intervention/edits';
import { checkRoom, generateTokens } from '../intervention/generate';
import { runIntervention } from '../intervention/intervene';
import {
  type GenerateOptions,
  type InterveneOptions,
  resolveGenerateOptions,
  resolveInterveneOptions,
} from '../intervention/options';
import type { GeneratedToken, GenerateResult, InterveneResult, Intervention } from '../intervention/types';
import { checkHookNames } from '../model/hooks';
import { isBatch, type PreparedPrompt, type Prompt, preparePrompt } from '../model/prompt';
import type { Tokenizer } from '../model/tokenizer';
import { resolveOptions } from '../options';
import { warnOfNegatives } from '../transcoder/negative-activations';
import { checkInteger } from '../validate';
import type { ModelOutline } from './open-pair';
import { layerFits, warnOfFit } from './reconstruction';
import {
  type AttributionSetup,
  checkActivationsSize,
  checkLogitsSize,
  type FeatureActivations,
  type FeatureLogits,
} from './results';
import { type ActivationOptions, activationOptions, type RunOptions, runOptions } from './run-options';

/** What a model is made of. */
export interface ModelParts extends Omit<ModelOutline, 'tokenizer'> {
  readonly native: NativeModel;
  readonly dtype: ComputeDtype;
  readonly fingerprints: Fingerprints;
}

/**
 * Read the weights onto the device.
 *
 * @throws CircuitTracerError what `NativeModel.load` throws.
 */
export async function loadParts(
  { name, labels, featuresDir }: Pick<ModelParts, 'name' | 'labels' | 'featuresDir'>,
  spec: ModelSpec,
  weights: ModelWeights,
  plan: TranscoderPlan,
  options: ResolvedLoadOptions,
): Promise<ModelParts> {
  // Neither waits for the other: fingerprints read little, on other threads.
  const fingerprints = fingerprintsOf(spec, weights, plan);
  const native = await NativeModel.load(spec, weights, plan, options);
  const { dtype } = options;
  return {
    native,
    spec,
    transcoderSpec: plan.spec,
    dtype,
    name,
    labels,
    featuresDir,
    fingerprints: await fingerprints,
  };
}

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
  /** The packed examples of features beside the transcoders, for `PackedFeatures.open`; undefined when there are none. */
  readonly featuresDir: string | undefined;
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
    this.featuresDir = parts.featuresDir;
    this.fingerprints = parts.fingerprints;
    this.#native = parts.native;
  }

  /**
   * The attribution graph of a prompt: text, or token ids.
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
    const given = this.#prepare(prompt, resolved.exactTokens, resolved.signal);
    const prepared = 'tokens' in given ? given : await given;
    const targets = resolved.targets && (await this.#resolveTargets(resolved.targets, prepared, resolved.signal));
    const natives = targets?.map(({ native }) => native) ?? [];
    const data = await runAttribution(this.#native, prepared, resolved, natives);
    warnOfFit(data.reconstructionSums, prepared.tokens.length - prepared.zeroPositions, this.transcoderSpec);
    return buildGraph(this, prepared, data, resolved, targets);
  }

  /** Feature inputs and outputs, active features, reconstruction, error and token vectors of a prompt. */
  async setupAttribution(prompt: Prompt, options: RunOptions = {}): Promise<AttributionSetup> {
    const { exactTokens, signal, onProgress } = resolveOptions(runOptions, options);
    const prepared = this.#prepare(prompt, exactTokens, signal);
    const { tokens, zeroPositions } = 'tokens' in prepared ? prepared : await prepared;
    const progress = nativeProgress(onProgress);
    const { indices, values, reconstructionSums, ...arrays } = await this.#native.run(
      (engine, model, set) => engine.setupAttribution(model, set, tokens, zeroPositions, progress),
      signal,
    );
    const fits = layerFits(reconstructionSums, tokens.length - zeroPositions);
    return { tokens, zeroPositions, activeFeatures: indices, activationValues: values, layerFits: fits, ...arrays };
  }

  /** Logits of every position, [n, dVocab], after the softcap. */
  async forward(prompt: Prompt, options?: RunOptions): Promise<NdArray> {
    return (await this.runWithCache(prompt, [], options)).logits;
  }

  /**
   * Logits and the named activations; `hookNames(model.spec)` lists all names, with TransformerLens' spelling.
   *
   * @throws CircuitTracerError `ERR_INVALID_ARGUMENT` naming a hook this model lacks and the nearest it has.
   */
  async runWithCache(
    prompt: Prompt,
    hookNames: readonly string[],
    options: RunOptions = {},
  ): Promise<{ logits: NdArray; cache: Record<string, NdArray> }> {
    const { exactTokens, signal, onProgress } = resolveOptions(runOptions, options);
    const names = checkHookNames(hookNames, this.spec);
    const given = this.#prepare(prompt, exactTokens, signal);
    const { tokens } = 'tokens' in given ? given : await given;
    checkLogitsSize(tokens, this.spec);
    const { logits, activations } = await this.#native.run(
      (engine, transformer) => engine.forward(transformer, tokens, names, nativeProgress(onProgress)),
      signal,
    );
    return { logits, cache: activations };
  }

  /**
   * Activations of every feature at every position, of one prompt or of several. Prompts of a batch run one by one,
   * never padded, so each has the numbers it has alone.
   */
  getActivations(
    input: Prompt,
    options: ActivationOptions & { sparse: true },
  ): Promise<FeatureActivations<SparseActivations>>;
  getActivations(input: Prompt, options?: ActivationOptions & { sparse?: false }): Promise<FeatureActivations<NdArray>>;
  getActivations(
    inputs: readonly Prompt[],
    options: ActivationOptions & { sparse: true },
  ): Promise<FeatureActivations<SparseActivations>[]>;
  getActivations(
    inputs: readonly Prompt[],
    options?: ActivationOptions & { sparse?: false },
  ): Promise<FeatureActivations<NdArray>[]>;
  async getActivations(
    inputs: Prompt | readonly Prompt[],
    options: ActivationOptions = {},
  ): Promise<FeatureActivations | FeatureActivations[]> {
    const { exactTokens, sparse, applyActivationFunction, signal, onProgress } = resolveOptions(
      activationOptions,
      options,
    );
    const batched = isBatch(inputs);
    // All are checked before the first runs.
    const given = (batched ? inputs : [inputs]).map((prompt) => this.#prepare(prompt, exactTokens, signal));
    const prompts = given.every((prompt) => 'tokens' in prompt) ? given : await Promise.all(given);
    for (const { tokens } of prompts) {
      checkLogitsSize(tokens, this.spec);
      if (!sparse) checkActivationsSize(tokens, this.transcoderSpec);
    }
    const results: FeatureActivations[] = [];
    for (const prompt of prompts)
      results.push(await this.#activations(prompt, sparse, applyActivationFunction, { signal, onProgress }));
    return batched ? results : (results[0] as FeatureActivations);
  }

  async #activations(
    { tokens, zeroPositions }: PreparedPrompt,
    sparse: boolean,
    apply: boolean,
    { signal, onProgress }: CallOptions,
  ): Promise<FeatureActivations> {
    const progress = nativeProgress(onProgress);
    const { logits, features } = await this.#native.run(
      (engine, model, set) => engine.featureActivations(model, set, tokens, zeroPositions, apply, sparse, progress),
      signal,
    );
    const shape = [this.spec.nLayers, tokens.length, Math.max(...this.transcoderSpec.nFeatures)];
    if (apply) warnOfNegatives(this.transcoderSpec, 'values' in features ? features.values : features.data);
    return { tokens, logits, activations: 'indices' in features ? { ...features, shape } : features };
  }

  /**
   * Active features of documents, run one by one, with fewer calls than {@link getActivations}: their tokens in a row, and
   * the length of each. Positions count along the row; the first `zeroPositions` tokens of each document get no features.
   *
   * @internal
   */
  async documentActivations(
    tokens: Int32Array,
    lengths: Int32Array,
    zeroPositions: number,
    signal?: AbortSignal,
  ): Promise<SparseList> {
    return this.#native.run(
      (engine, model, set) => engine.documentActivations(model, set, tokens, lengths, zeroPositions),
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
   * Logits and activations when features are set, scaled or added to, or vectors added at hook points.
   *
   * @throws CircuitTracerError `ERR_INVALID_ARGUMENT` naming the entry of `interventions` that can't be,
   * `ERR_INVALID_PROMPT`, `ERR_NUMERIC`, `ERR_OUT_OF_MEMORY`, `ERR_DISPOSED` or `ABORT_ERR`.
   */
  async intervene(
    inputs: Prompt,
    interventions: readonly Intervention[],
    options: InterveneOptions = {},
  ): Promise<InterveneResult> {
    const resolved = resolveInterveneOptions(options, this.spec);
    const given = this.#prepare(inputs, resolved.exactTokens, resolved.signal);
    const prepared = 'tokens' in given ? given : await given;
    const plan = this.#plan(interventions, prepared, false);
    checkLogitsSize(prepared.tokens, this.spec);
    const { activations, sparse } = resolved.native;
    if (activations !== 'none' && !sparse) checkActivationsSize(prepared.tokens, this.transcoderSpec);
    return runIntervention(this.#native, prepared, plan, this.transcoderSpec, resolved);
  }

  /** As {@link generateStream}, all at once. */
  async generate(
    inputs: Prompt,
    interventions: readonly Intervention[] = [],
    options?: GenerateOptions,
  ): Promise<GenerateResult> {
    const stream = this.generateStream(inputs, interventions, options);
    let step = await stream.next();
    while (!step.done) step = await stream.next();
    return step.value;
  }

  /**
   * Continue a prompt under interventions, token by token, as an async iterator whose return value is the whole.
   *
   * Open-ended interventions reach every new token, others the prompt alone. Freezing applies to the prompt. Leaving the
   * loop early stops the model after the token it is at; so does the signal.
   *
   * @throws CircuitTracerError as {@link intervene} does, from the first step on; also for more tokens than there is room for.
   */
  async *generateStream(
    inputs: Prompt,
    interventions: readonly Intervention[] = [],
    options: GenerateOptions = {},
  ): AsyncGenerator<GeneratedToken, GenerateResult, undefined> {
    const { spec, transcoderSpec, tokenizer } = this;
    const model = { native: this.#native, spec, transcoderSpec, tokenizer };
    const resolved = resolveGenerateOptions(options, spec, tokenizer);
    const given = this.#prepare(inputs, resolved.exactTokens, resolved.signal);
    const prepared = 'tokens' in given ? given : await given;
    checkRoom(prepared.tokens.length, resolved.maxNewTokens, spec);
    checkLogitsSize(prepared.tokens, spec);
    return yield* generateTokens(model, prepared, this.#plan(interventions, prepared, true), resolved);
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

  #prepare(prompt: Prompt, exactTokens: boolean, signal?: AbortSignal): PreparedPrompt | Promise<PreparedPrompt> {
    this.#native.checkUsable();
    return preparePrompt(prompt, this.spec, this.tokenizer, exactTokens, signal);
  }

  #resolveTargets(
    targets: readonly TargetSpec[],
    { tokens, zeroPositions }: PreparedPrompt,
    signal: AbortSignal | undefined,
  ): Promise<ResolvedTarget[]> {
    const { spec, transcoderSpec: transcoders, tokenizer } = this;
    const directions = async (ids: Int32Array) => {
      const rows = this.#native.run((engine, transformer) => engine.tokenDirections(transformer, ids), signal);
      return (await rows).data;
    };
    return resolveTargets(targets, { spec, transcoders, tokenizer, prompt: tokens.length, zeroPositions, directions });
  }
}
