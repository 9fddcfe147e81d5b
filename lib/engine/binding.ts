import type { TensorSource } from '../io/tensor-source';
import { loadAddon, loadAddonOnThread } from '../libtorch/load-addon';
import type { NdArray, SparseList } from './arrays';
import type { ModelSpec, ModelWeights } from './model-spec';
import type { NativeAttributionSettings, PassSettings } from './settings';
import type { TranscoderLayerWeights, TranscoderSpec } from './transcoder-spec';

/**
 * Work queued on an engine's thread. `cancel` makes `promise` reject with code `ABORT_ERR`: at once and out of the queue
 * while it waits, at the next poll while it runs.
 */
export interface NativeJob<T> {
  readonly promise: Promise<T>;
  cancel(): void;
}

/**
 * Called on the JS thread, `done` of `total`. Each phase begins at 0 and ends at its total; what lies in between is
 * coalesced.
 */
export type NativeProgress = (phase: string, done: number, total: number) => void;

/** Handles keep tensors alive; `dispose` frees them as soon as no job uses them. Idempotent. */
export interface NativeHandle {
  dispose(): void;
}
export interface NativeTransformer extends NativeHandle {
  readonly kind: 'transformer';
}
export interface NativeTranscoders extends NativeHandle {
  readonly kind: 'transcoders';
}

/** Keys and values of the positions already seen; empty at first. */
export interface NativeKeyValueCache extends NativeHandle {
  readonly kind: 'keyValueCache';
}

export interface NativeForwardResult {
  /** [n, dVocab], after the final softcap. */
  readonly logits: NdArray;
  readonly activations: Record<string, NdArray>;
}

/**
 * [nLayers, 4] sums over the positions with features and over the width: squared deviations of the outputs from their mean
 * over positions; squared errors; products of the outputs' and the reconstruction's deviations; squared deviations of the
 * reconstruction.
 */
export type NativeReconstructionSums = NdArray;

export interface NativeSetup extends SparseList {
  /** [nLayers, n, dModel], as are the next three. */
  readonly featureInputs: NdArray;
  readonly featureOutputs: NdArray;
  readonly reconstruction: NdArray;
  readonly errorVectors: NdArray;
  /** [n, dModel] */
  readonly tokenVectors: NdArray;
  readonly reconstructionSums: NativeReconstructionSums;
  /** [n, dVocab] */
  readonly logits: NdArray;
}

export interface NativeAttributeOptions extends NativeAttributionSettings {
  readonly tokens: Int32Array;
  /** Positions 0 .. zeroPositions - 1 get no features and no errors. */
  readonly zeroPositions: number;
  /** Bytes of main memory that can still be had. */
  readonly availableMemory: number;
  /** Bytes that edges may take at most: what needs more is refused before rows are computed. */
  readonly mostEdgeBytes: number;
  /** Bytes of one block of rows of the finished graph, at most. */
  readonly blockBytes: number;
  /** Where rows are computed; empty = the model's device. */
  readonly devices: readonly string[];
  /** Where weights not needed by the backward pass wait: '' = where they are, 'cpu', or a folder for temporary files. */
  readonly offload: string;
  /** What to explain; empty = the salient next tokens. */
  readonly targets: readonly NativeTarget[];
}

/** A target to attribute to. `weight` null: a token's probability, 1 for the others. */
export type NativeTarget = { readonly position: number; readonly weight: number | null } & (
  | { readonly kind: 'token'; readonly tokenId: number }
  | { readonly kind: 'direction'; readonly vector: Float32Array }
  | { readonly kind: 'feature'; readonly layer: number; readonly feature: number }
);

/** One feature at one position, counted from the first token of the pass; a later edit of a cell wins. */
export interface NativeFeatureEdit {
  /** New activation: `value`, `value` times its own, or its own plus `value`. */
  readonly kind: 'set' | 'scale' | 'add';
  readonly layer: number;
  readonly position: number;
  readonly feature: number;
  readonly value: number;
}

export interface NativeVectorEdit {
  readonly hookName: string;
  readonly position: number;
  /** Added to the value; as wide as the hook point's last dimension. */
  readonly vector: Float32Array;
}

export interface NativeIntervention extends PassSettings {
  readonly tokens: Int32Array;
  readonly features: readonly NativeFeatureEdit[];
  readonly vectors: readonly NativeVectorEdit[];
  /** Layers whose feature outputs are frozen; empty = effects propagate. */
  readonly constrainedLayers: readonly number[];
  /** The first positions of the pass are frozen and constrained, later ones run free. */
  readonly frozenPositions: number;
  readonly zeroPositions: number;
  readonly activations: 'none' | 'activations' | 'preActivations';
  /** Hook points of the edited run to return. */
  readonly hookNames: readonly string[];
}

export interface NativeInterventionResult {
  /** [n, dVocab], after and before the final softcap. */
  readonly logits: NdArray;
  readonly rawLogits: NdArray;
  /** [nLayers, n, F], the non-zero entries, or null when not asked for. */
  readonly activations: NdArray | SparseList | null;
  readonly cache: Record<string, NdArray>;
}

export interface NativeGraphData extends SparseList {
  /** [S] ascending indices into the N active features. */
  readonly selectedFeatures: Int32Array;
  /** -1 for directions and features. */
  readonly logitTokenIds: Int32Array;
  readonly logitProbabilities: Float32Array;
  /** [S + K, S + L * n + n + K], row-major: blocks of whole rows in order, each but the last of as many. */
  readonly edges: readonly Float32Array[];
  readonly reconstructionSums: NativeReconstructionSums;
  /** Seconds by phase: forward and encode, prepare, target rows, rank, feature rows, package. */
  readonly timings: Record<string, number>;
}

/** The rectangle of a graph and the weights of its logits: all that graph arithmetic needs. */
export interface NativeGraphInput {
  /** Blocks of whole rows in order, each but the last of as many. */
  readonly edges: readonly Float32Array[];
  /** [S] layer of each selected feature, ascending: influence is one sweep from the last layer to the first. */
  readonly featureLayers: Int32Array;
  readonly nLayers: number;
  readonly nPositions: number;
  readonly logitProbabilities: Float32Array;
}

export interface NativePruneResult {
  /** [M], 0 or 1. */
  readonly nodeMask: Uint8Array;
  /** [M], share of influence held by this node and all more influential ones. */
  readonly cumulativeScores: Float32Array;
  /** Kept edges, sorted by (target, source): node indices and weights, [E] each. */
  readonly edgeTargets: Int32Array;
  readonly edgeSources: Int32Array;
  readonly edgeWeights: Float32Array;
  /** Smallest node influence and edge score kept by the thresholds. */
  readonly nodeCut: number;
  readonly edgeCut: number;
}

export interface NativeEngine {
  loadTransformer(
    spec: ModelSpec,
    weights: ModelWeights,
    device: string,
    dtype: string,
    lazyWeights: boolean,
    onProgress?: NativeProgress,
  ): NativeJob<NativeTransformer>;
  loadTranscoders(
    spec: TranscoderSpec,
    layers: readonly TranscoderLayerWeights[],
    device: string,
    dtype: string,
    lazyEncoder: boolean,
    lazyDecoder: boolean,
    onProgress?: NativeProgress,
  ): NativeJob<NativeTranscoders>;

  forward(
    model: NativeTransformer,
    tokens: Int32Array,
    hookNames: string[],
    onProgress?: NativeProgress,
  ): NativeJob<NativeForwardResult>;
  /** Pre-activations (or activations) of every feature at every position: [nLayers, n, F], or sparse non-zeros. */
  featureActivations(
    model: NativeTransformer,
    transcoders: NativeTranscoders,
    tokens: Int32Array,
    zeroPositions: number,
    applyActivationFunction: boolean,
    sparse: boolean,
    onProgress?: NativeProgress,
  ): NativeJob<NativeForwardResult & { features: NdArray | SparseList }>;
  /**
   * Active features of documents run one by one: their tokens in a row, and the length of each. Positions count along the row;
   * the first `zeroPositions` of each document get none.
   */
  documentActivations(
    model: NativeTransformer,
    transcoders: NativeTranscoders,
    tokens: Int32Array,
    lengths: Int32Array,
    zeroPositions: number,
    onProgress?: NativeProgress,
  ): NativeJob<SparseList>;
  /** [features of the layer * count] token ids whose logits each feature raises most, and lowers most. */
  logitEffects(
    model: NativeTransformer,
    transcoders: NativeTranscoders,
    layer: number,
    count: number,
    onProgress?: NativeProgress,
  ): NativeJob<{ top: Int32Array; bottom: Int32Array }>;
  setupAttribution(
    model: NativeTransformer,
    transcoders: NativeTranscoders,
    tokens: Int32Array,
    zeroPositions: number,
    onProgress?: NativeProgress,
  ): NativeJob<NativeSetup>;
  attribute(
    model: NativeTransformer,
    transcoders: NativeTranscoders,
    options: NativeAttributeOptions,
    onProgress?: NativeProgress,
  ): NativeJob<NativeGraphData>;

  /** Unembedding rows minus the mean over all rows: directions at the final norm's output, [tokens, dModel]. */
  tokenDirections(model: NativeTransformer, tokenIds: Int32Array): NativeJob<NdArray>;

  newKeyValueCache(model: NativeTransformer): NativeKeyValueCache;
  /**
   * Runs the tokens with the edits. With a cache they continue after the cached positions and are appended to them;
   * then nothing can be frozen but in the first pass.
   */
  intervene(
    model: NativeTransformer,
    transcoders: NativeTranscoders,
    intervention: NativeIntervention,
    cache: NativeKeyValueCache | null,
    onProgress?: NativeProgress,
  ): NativeJob<NativeInterventionResult>;

  /** x is [rows, dModel] of one layer's feature input; result [rows, F]. */
  encodeLayer(
    transcoders: NativeTranscoders,
    layer: number,
    x: Float32Array,
    applyActivationFunction: boolean,
    onProgress?: NativeProgress,
  ): NativeJob<NdArray>;
  /** x is [nLayers, rows, dModel]; non-zero activations, rows counted as positions. */
  encodeSparse(
    transcoders: NativeTranscoders,
    x: Float32Array,
    zeroPositions: number,
    onProgress?: NativeProgress,
  ): NativeJob<SparseList>;
  /** Decoder rows of the listed features of one layer: [features, span, dModel]. */
  decoderVectors(transcoders: NativeTranscoders, layer: number, features: Int32Array): NativeJob<NdArray>;
  /** Encoder rows: [features, dModel]. */
  encoderVectors(transcoders: NativeTranscoders, layer: number, features: Int32Array): NativeJob<NdArray>;
  /**
   * Sum of decoder rows times activations plus decoder bias, plus skip(inputs) where there is a skip and `inputs` are
   * given: [nLayers, rows, dModel].
   */
  decode(
    transcoders: NativeTranscoders,
    indices: Int32Array,
    values: Float32Array,
    rows: number,
    inputs: Float32Array | null,
    onProgress?: NativeProgress,
  ): NativeJob<NdArray>;
  /** The same of one layer of a per-layer set, all indices and `inputs` [rows, dModel] being that layer's: [rows, dModel]. */
  decodeLayer(
    transcoders: NativeTranscoders,
    layer: number,
    indices: Int32Array,
    values: Float32Array,
    rows: number,
    inputs: Float32Array | null,
  ): NativeJob<NdArray>;

  /**
   * Writes a tensor as its view has it, in C order, as `dtype`, into an existing file from byte `offset` on, some rows at
   * a time. Gives the bytes written.
   */
  writeTensor(
    source: TensorSource,
    dtype: string,
    file: string,
    offset: number,
    onProgress?: NativeProgress,
  ): NativeJob<number>;

  /** [M]: logit-weighted sum of all paths' normalised absolute weights. */
  nodeInfluence(graph: NativeGraphInput, onProgress?: NativeProgress): NativeJob<Float32Array>;
  /** Same shape as the rectangle: normalised weight times influence of the target. */
  edgeInfluence(graph: NativeGraphInput, onProgress?: NativeProgress): NativeJob<Float32Array>;
  /** [K * S] change of each output when each feature is added once more, over all paths. `activations`: [S]. */
  totalEffects(
    graph: NativeGraphInput,
    activations: Float32Array,
    onProgress?: NativeProgress,
  ): NativeJob<Float32Array>;
  prune(
    graph: NativeGraphInput,
    nodeThreshold: number,
    edgeThreshold: number,
    onProgress?: NativeProgress,
  ): NativeJob<NativePruneResult>;
  /** Largest |edge|. */
  largestEdge(graph: NativeGraphInput, onProgress?: NativeProgress): NativeJob<number>;
  scores(
    graph: NativeGraphInput,
    onProgress?: NativeProgress,
  ): NativeJob<{ replacement: number; completeness: number }>;

  /** Cancels and drops all jobs and joins the thread. Idempotent. */
  dispose(): void;
}

export interface NativeAddon {
  readonly libtorchVersion: string;
  cudaDeviceCount(): number;
  mpsAvailable(): boolean;
  /** Cancels all jobs of this thread's engines and waits for them, without settling their promises: for exits. */
  closeEngines(): void;
  /** `threads` for tensor arithmetic on this engine; 0 = LibTorch's default. */
  Engine: new (
    threads: number,
  ) => NativeEngine;
}

let addon: NativeAddon | undefined;
let opening: Promise<void> | undefined;

/**
 * The native surface, loaded on first use.
 *
 * @throws CircuitTracerError `ERR_LIBTORCH` when LibTorch or the addon can't be found or has the wrong version.
 */
export function binding(): NativeAddon {
  addon ??= closedAtExit(loadAddon() as NativeAddon);
  return addon;
}

/**
 * Has {@link binding} at hand, without holding up the event loop while LibTorch is loaded.
 *
 * @throws CircuitTracerError as {@link binding}.
 */
export async function openBinding(): Promise<void> {
  if (addon) return;
  opening ??= loadAddonOnThread()
    .then((loaded) => {
      addon ??= closedAtExit(loaded as NativeAddon);
    })
    .finally(() => {
      opening = undefined;
    });
  await opening;
}

/** LibTorch destroys what it computes with when the process exits: nothing may compute then. */
function closedAtExit(loaded: NativeAddon): NativeAddon {
  process.once('exit', () => loaded.closeEngines());
  return loaded;
}
