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
import { type ResolvedOf, resolveOptions } from '../options';
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
 * A language model with transcoders that replace its MLPs. Base class of loaded models and of models built in memory.
 *
 * All computation runs on the model's own thread. Calls are queued there and never block the event loop. Free the
 * memory with `dispose()` or `await using`.
 */
export abstract class ModelWithTranscoders {
  readonly spec: ModelSpec;
  readonly transcoderSpec: TranscoderSpec;
  /** Undefined for a model built in memory, whose prompts are token ids. */
  abstract readonly tokenizer: Tokenizer | undefined;
  /** The device in use: `cpu`, `cuda:N` or `mps`. */
  readonly device: string;
  readonly dtype: ComputeDtype;
  /** The last part of the model's folder or repository. For a model built in memory, its family. */
  readonly name: string;
  /** Feature labels, if the folder of transcoders has a labels file. */
  readonly labels: FeatureLabels;
  /**
   * The folder of packed feature examples of the transcoders, for `openFeatureSource`. Undefined when there is none.
   */
  readonly featuresDirectory: string | undefined;
  /**
   * The fingerprints of the model and the transcoders. Graphs store them, so that `verify` can identify the weights.
   */
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
   * A special token is added at the start unless the first token is special. Special positions have no features.
   *
   * @throws CircuitTracerError `ERR_INVALID_PROMPT`, `ERR_INVALID_ARGUMENT` (which names an invalid entry of
   * `targets`), `ERR_DEVICE`, `ERR_OUT_OF_MEMORY` (which names a batch size to try), `ERR_NUMERIC`, `ERR_FILE_WRITE`
   * (offloading), `ERR_DISPOSED` or `ABORT_ERR`.
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
   * The input of attribution: the inputs and outputs of the features, active features, reconstruction, and error and
   * token vectors of a prompt. See {@link AttributionSetup} for the shapes.
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
   * The logits of every position, [n, dVocab], after the softcap.
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
   * The logits and the named activations. `hookNames(model.spec)` lists all names, spelled as in TransformerLens.
   *
   * @returns logits [n, dVocab], after the softcap, and `cache` with the value at each hook point, by name
   * @throws CircuitTracerError `ERR_INVALID_ARGUMENT` naming a hook point that the model lacks and the nearest existing
   * one; `ERR_INVALID_PROMPT`, `ERR_OUT_OF_MEMORY`, `ERR_DISPOSED` or `ABORT_ERR`.
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
   * The activations of every feature at every position, for one prompt or a list of prompts. The prompts of a list run
   * one by one without padding, so each gets the same numbers as alone.
   *
   * @returns dense activations, [nLayers, n, maximum number of features per layer], or with `sparse: true` the non-zero
   * ones by index
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
   * The active features of documents, which are run one by one, in fewer calls than {@link getActivations}. `tokens`
   * holds all documents in a row, `lengths` the length of each. Positions count along the row. The first
   * `specialPositions` tokens of each document get no features.
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
   * The tokens whose logits each feature of a layer raises most and lowers most, over all layers that it writes to.
   *
   * @param count the number of tokens of each kind, at most dVocab
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
   * Run a prompt with features set, scaled or increased, or with vectors added at hook points.
   *
   * @param interventions an empty list gives the clean run
   * @returns logits and activations of the edited run
   * @example
   * const edits = [{ layer: 3, position: -1, feature: 120, value: 0 }];
   * console.log((await model.intervene(prompt, edits)).topTokens(5));
   *
   * @throws CircuitTracerError `ERR_INVALID_ARGUMENT` naming the invalid entry of `interventions`,
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
   * Continue a prompt, with or without interventions. Like {@link generateStream}, but returns the whole result at
   * once.
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
   * Continue a prompt token by token. Returns an async iterator whose return value is the whole result.
   *
   * Open-ended `interventions` apply to every new token, the others only to the prompt. Freezing applies to the prompt.
   * Leaving the loop early, or firing the signal, stops the model after the current token.
   *
   * @throws CircuitTracerError as {@link intervene}, but from the first step on; also when the new tokens exceed the
   * model's positions.
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

  /** The text of a single token. For a model without a tokenizer, the id in digits. */
  decodeToken(tokenId: number): string {
    return tokenText(this.tokenizer, tokenId);
  }

  /**
   * The number of queued and running calls, which run one at a time and in order. Each prompt of a batch and each new
   * token counts as one.
   */
  get pending(): number {
    return this.#native.pending;
  }

  #plan(interventions: readonly Intervention[], { tokens }: PreparedPrompt, generating: boolean): EditPlan {
    const { spec, transcoderSpec: transcoders } = this;
    return new EditPlan(interventions, { spec, transcoders, prompt: tokens.length, generating });
  }

  /** Free the model's memory. Running calls reject with `ABORT_ERR`, later ones with `ERR_DISPOSED`. Idempotent. */
  dispose(): Promise<void> {
    return this.#native.dispose();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  /**
   * The output of `console.log`, without labels and sizes.
   *
   * @internal
   */
  [inspect.custom](_depth: number, options: InspectOptions): string {
    const { name, spec, transcoderSpec, device, dtype } = this;
    const shown = { name, family: spec.family, layers: spec.nLayers, transcoders: transcoderSpec.scan, device, dtype };
    return `${this.constructor.name} ${inspect(shown, options)}`;
  }

  /** The context of the calls that run the model. */
  #running(): RunningModel {
    const { spec, transcoderSpec, tokenizer } = this;
    const decode = (tokenId: number) => this.decodeToken(tokenId);
    return { native: this.#native, spec, transcoderSpec, tokenizer, decode };
  }

  #prepare(
    prompt: Prompt,
    { exactTokens, signal }: Pick<ResolvedOf<typeof runOptions>, 'exactTokens' | 'signal'>,
  ): PreparedPrompt | Promise<PreparedPrompt> {
    this.#native.checkUsable();
    return preparePrompt(prompt, this.spec, this.tokenizer, exactTokens, signal);
  }
}
