import type { TensorSource } from '../io/tensor-source';
import { loadAddon, loadAddonOnThread } from '../libtorch/load-addon';
import type { NdArray, SparseList } from './arrays';
import type { ModelSpec, ModelWeights } from './model-spec';
import type { NativeAttributionSettings, NativeTranscoderOptions, PassSettings } from './settings';
import type { TranscoderLayerWeights, TranscoderSpec } from './transcoder-spec';

/**
 * Work on the thread of an engine. `cancel` makes `promise` reject with code `ABORT_ERR`: immediately if the work is
 * still queued, otherwise at its next poll.
 */
export interface NativeJob<T> {
  readonly promise: Promise<T>;
  cancel(): void;
}

/**
 * Called on the JS thread with `done` and `total`. Each phase begins at 0 and ends at its total. The values in between
 * are coalesced.
 */
export type NativeProgress = (phase: string, done: number, total: number) => void;

/** Handles keep tensors alive. `dispose` frees them as soon as no job uses them. Idempotent. */
export interface NativeHandle {
  dispose(): void;
}
export interface NativeTransformer extends NativeHandle {
  readonly kind: 'transformer';
}
export interface NativeTranscoders extends NativeHandle {
  readonly kind: 'transcoders';
}

/** The keys and values of earlier positions. Empty at first. */
export interface NativeKeyValueCache extends NativeHandle {
  readonly kind: 'keyValueCache';
}

export interface NativeForwardResult {
  /** [n, dVocab], after the final softcap. */
  readonly logits: NdArray;
  readonly activations: Record<string, NdArray>;
}

/**
 * [nLayers, 4] sums over the positions with features and over the width: the squared deviations of the outputs from
 * their mean over positions, the squared errors, the products of the deviations of outputs and reconstruction, and the
 * squared deviations of the reconstruction.
 */
export type NativeReconstructionSums = NdArray;

export interface NativeSetup extends SparseList {
  /** [nLayers, n, dModel], as the next three fields. */
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
  /** Positions 0 .. specialPositions - 1 get no features and no errors. */
  readonly specialPositions: number;
  /** The available main memory in bytes. */
  readonly availableMemory: number;
  /** The limit for edges in bytes. Attribution that needs more is rejected before it computes rows. */
  readonly mostEdgeBytes: number;
  /** The maximum size in bytes of a block of rows of the finished graph. */
  readonly blockBytes: number;
  /** The devices that compute rows. Empty for the model's device. */
  readonly devices: readonly string[];
  /** Where weights go that the backward pass does not need: '' to stay, 'cpu', or a folder for temporary files. */
  readonly offload: string;
  /** The targets. Empty for the likeliest next tokens. */
  readonly targets: readonly NativeTarget[];
}

/** An attribution target. A `weight` of null is the token's probability, or 1 for other targets. */
export type NativeTarget = { readonly position: number; readonly weight: number | null } & (
  | { readonly kind: 'token'; readonly tokenId: number }
  | { readonly kind: 'direction'; readonly vector: Float32Array }
  | { readonly kind: 'feature'; readonly layer: number; readonly feature: number }
);

/** One feature at one position, counted from the first token of the pass. A later edit of the same cell wins. */
export interface NativeFeatureEdit {
  /** The new activation: `value`, the feature's own activation times `value`, or its own plus `value`. */
  readonly kind: 'set' | 'scale' | 'add';
  readonly layer: number;
  readonly position: number;
  readonly feature: number;
  readonly value: number;
}

export interface NativeVectorEdit {
  readonly hookName: string;
  readonly position: number;
  /** The vector to add, as wide as the last dimension of the hook point. */
  readonly vector: Float32Array;
}

export interface NativeIntervention extends PassSettings {
  readonly tokens: Int32Array;
  readonly features: readonly NativeFeatureEdit[];
  readonly vectors: readonly NativeVectorEdit[];
  /** The layers whose feature outputs are frozen. Empty to let effects propagate. */
  readonly constrainedLayers: readonly number[];
  /** The number of leading positions that are frozen and constrained. Later positions run freely. */
  readonly frozenPositions: number;
  readonly specialPositions: number;
  readonly activations: 'none' | 'activations' | 'preActivations';
  /** The hook points of the edited run to return. */
  readonly hookNames: readonly string[];
}

export interface NativeInterventionResult {
  /** [n, dVocab], after and before the final softcap. */
  readonly logits: NdArray;
  readonly rawLogits: NdArray;
  /** [nLayers, n, F], the non-zero entries, or null when not requested. */
  readonly activations: NdArray | SparseList | null;
  readonly cache: Record<string, NdArray>;
}

export interface NativeGraphData extends SparseList {
  /** [S] ascending indices into the N active features. */
  readonly selectedFeatures: Int32Array;
  /** -1 for directions and features. */
  readonly logitTokenIds: Int32Array;
  readonly logitProbabilities: Float32Array;
  /**
   * [S + K, S + L * n + n + K], row-major: consecutive blocks of whole rows. All but the last have the same number of
   * rows.
   */
  readonly edges: readonly Float32Array[];
  readonly reconstructionSums: NativeReconstructionSums;
  /** The seconds of each phase: forward and encode, prepare, target rows, rank, feature rows, package. */
  readonly timings: Record<string, number>;
}

/** The adjacency of a graph and the weights of its logits: the input of all graph arithmetic. */
export interface NativeGraphInput {
  /** Consecutive blocks of whole rows. All but the last have the same number of rows. */
  readonly edges: readonly Float32Array[];
  /** [S] the layer of each selected feature, ascending, so that one sweep from the last layer computes influence. */
  readonly featureLayers: Int32Array;
  readonly nLayers: number;
  readonly nPositions: number;
  readonly logitProbabilities: Float32Array;
}

export interface NativePruneResult {
  /** [M], 0 or 1. */
  readonly nodeMask: Uint8Array;
  /** [M], the share of influence held by this node and all more influential ones. */
  readonly cumulativeScores: Float32Array;
  /** The kept edges, sorted by (target, source): node indices and weights, [E] each. */
  readonly edgeTargets: Int32Array;
  readonly edgeSources: Int32Array;
  readonly edgeWeights: Float32Array;
  /** The smallest node influence and edge score that the thresholds keep. */
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
    options: NativeTranscoderOptions,
    onProgress?: NativeProgress,
  ): NativeJob<NativeTranscoders>;

  forward(
    model: NativeTransformer,
    tokens: Int32Array,
    hookNames: string[],
    onProgress?: NativeProgress,
  ): NativeJob<NativeForwardResult>;
  /** The activations or pre-activations of every feature at every position: [nLayers, n, F], or the non-zero ones. */
  featureActivations(
    model: NativeTransformer,
    transcoders: NativeTranscoders,
    tokens: Int32Array,
    specialPositions: number,
    applyActivationFunction: boolean,
    sparse: boolean,
    onProgress?: NativeProgress,
  ): NativeJob<NativeForwardResult & { features: NdArray | SparseList }>;
  /**
   * The active features of documents that are run one by one. `tokens` holds all documents in a row, `lengths` the
   * length of each. Positions count along the row. The first `specialPositions` of each document get no features.
   */
  documentActivations(
    model: NativeTransformer,
    transcoders: NativeTranscoders,
    tokens: Int32Array,
    lengths: Int32Array,
    specialPositions: number,
    onProgress?: NativeProgress,
  ): NativeJob<SparseList>;
  /** [features of the layer * count] ids of the tokens whose logits each feature raises most, and lowers most. */
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
    specialPositions: number,
    onProgress?: NativeProgress,
  ): NativeJob<NativeSetup>;
  attribute(
    model: NativeTransformer,
    transcoders: NativeTranscoders,
    options: NativeAttributeOptions,
    onProgress?: NativeProgress,
  ): NativeJob<NativeGraphData>;

  /** Unembedding rows minus the mean of all rows: directions at the output of the final norm, [tokens, dModel]. */
  tokenDirections(model: NativeTransformer, tokenIds: Int32Array): NativeJob<NdArray>;

  newKeyValueCache(model: NativeTransformer): NativeKeyValueCache;
  /**
   * Run the tokens with the edits. With a cache, they continue after the cached positions and are appended to them.
   * Freezing is then only possible in the first pass.
   */
  intervene(
    model: NativeTransformer,
    transcoders: NativeTranscoders,
    intervention: NativeIntervention,
    cache: NativeKeyValueCache | null,
    onProgress?: NativeProgress,
  ): NativeJob<NativeInterventionResult>;

  /** `x` is [rows, dModel] at the feature input of one layer. The result is [rows, F]. */
  encodeLayer(
    transcoders: NativeTranscoders,
    layer: number,
    x: Float32Array,
    applyActivationFunction: boolean,
    onProgress?: NativeProgress,
  ): NativeJob<NdArray>;
  /** `x` is [nLayers, rows, dModel]. Returns the non-zero activations, with rows as positions. */
  encodeSparse(
    transcoders: NativeTranscoders,
    x: Float32Array,
    specialPositions: number,
    onProgress?: NativeProgress,
  ): NativeJob<SparseList>;
  /** The decoder rows of the listed features of one layer: [features, span, dModel]. */
  decoderVectors(transcoders: NativeTranscoders, layer: number, features: Int32Array): NativeJob<NdArray>;
  /** The encoder rows: [features, dModel]. */
  encoderVectors(transcoders: NativeTranscoders, layer: number, features: Int32Array): NativeJob<NdArray>;
  /**
   * The sum of decoder rows times activations, plus the decoder bias, plus skip(inputs) if there is a skip and `inputs`
   * are given: [nLayers, rows, dModel].
   */
  decode(
    transcoders: NativeTranscoders,
    indices: Int32Array,
    values: Float32Array,
    rows: number,
    inputs: Float32Array | null,
    onProgress?: NativeProgress,
  ): NativeJob<NdArray>;
  /**
   * Decode one layer of a per-layer set. All indices and `inputs` [rows, dModel] belong to that layer. Returns [rows,
   * dModel].
   */
  decodeLayer(
    transcoders: NativeTranscoders,
    layer: number,
    indices: Int32Array,
    values: Float32Array,
    rows: number,
    inputs: Float32Array | null,
  ): NativeJob<NdArray>;

  /**
   * Write a tensor to an existing file from byte `offset` on, in C order and as `dtype`, some rows at a time. The
   * tensor is written as its view arranges it. Returns the number of bytes written.
   */
  writeTensor(
    source: TensorSource,
    dtype: string,
    file: string,
    offset: number,
    onProgress?: NativeProgress,
  ): NativeJob<number>;

  /** [M]: the sum over all paths of the product of normalised absolute weights, weighted by logits. */
  nodeInfluence(graph: NativeGraphInput, onProgress?: NativeProgress): NativeJob<Float32Array>;
  /** The shape of the adjacency: normalised weight times the influence of the target. */
  edgeInfluence(graph: NativeGraphInput, onProgress?: NativeProgress): NativeJob<Float32Array>;
  /** [K * S] the change of each output, over all paths, when each feature is added once more. `activations`: [S]. */
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
  /** The largest magnitude of an edge. */
  largestEdge(graph: NativeGraphInput, onProgress?: NativeProgress): NativeJob<number>;
  scores(
    graph: NativeGraphInput,
    onProgress?: NativeProgress,
  ): NativeJob<{ replacement: number; completeness: number }>;

  /** Cancel and drop all jobs, and join the thread. Idempotent. */
  dispose(): void;
}

export interface NativeAddon {
  readonly libtorchVersion: string;
  cudaDeviceCount(): number;
  mpsAvailable(): boolean;
  /** Cancel all jobs of this thread's engines and wait for them without settling their promises. For process exit. */
  closeEngines(): void;
  /** `threads` for tensor arithmetic on this engine. 0 for LibTorch's default. */
  Engine: new (
    threads: number,
  ) => NativeEngine;
}

let addon: NativeAddon | undefined;
let opening: Promise<void> | undefined;

/**
 * Returns the native functions and loads them on first use.
 *
 * @throws CircuitTracerError `ERR_LIBTORCH` when LibTorch or the addon is not found or has the wrong version.
 */
export function binding(): NativeAddon {
  addon ??= closedAtExit(loadAddon() as NativeAddon);
  return addon;
}

/**
 * Load {@link binding} without blocking the event loop.
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

/** When the process exits, LibTorch destroys the objects it computes with. No computation may be running then. */
function closedAtExit(loaded: NativeAddon): NativeAddon {
  process.once('exit', () => loaded.closeEngines());
  return loaded;
}
