import type { ModelSpec } from '../engine/model-spec';
import { attributionSettings } from '../engine/settings';
import type { TranscoderSpec } from '../engine/transcoder-spec';
import type { Settled, ValuesOf } from '../options';
import type { sizeOptions } from './options';

/** The assumptions about an attribution. */
export interface AttributionSize extends ValuesOf<typeof sizeOptions> {
  /** The number of CPU threads that compute rows. 0 on a GPU. */
  readonly threads: number;
  /** The available memory in bytes when the attribution begins, for `auto`. Default Infinity. */
  readonly free?: number;
}

/** The memory in bytes of an attribution besides the weights, and the batch size that `auto` selects. */
export interface AttributionMemory extends Settled<AttributionSize> {
  readonly activeFeatures: number;
  /**
   * The local replacement model: attention patterns and matrices, decoder rows of active features, errors, activations.
   */
  readonly localModel: number;
  /** The edge rows and the graph that is built from them. */
  readonly edges: number;
  /** The gradients and rows of everything that is computed at once. */
  readonly perBatch: number;
  /** The activations of the widest layer before inactive ones are dropped. In memory before `edges` and `perBatch`. */
  readonly encoding: number;
  /** The peak of their sum. */
  readonly peak: number;
}

const float = 4;
/** Native code encodes 64 Mi numbers at once: `kDenseNumbers` in native/core/transcoder/transcoder_set.cc. */
const denseNumbers = 64 * 2 ** 20;
/** The maximum batch size of `auto`. */
const maxAutoRows = attributionSettings.batchSize.default;
/** The default maximum number of likely next tokens. */
const targets = attributionSettings.maxNLogits.default;
/**
 * A thread computes as many rows as have `threadPositions` positions together, but at least `threadRows`:
 * `kCpuPositions` and `kFewestRows` in native code.
 */
const threadPositions = 1536;
const threadRows = 16;
/** The share of columns that a row can depend on: on average half of the layers and half of the positions. */
const packedShare = 0.25;
/** The share of the memory that is written to in a graph of all features. */
const writtenShare = 0.5;

/**
 * The memory of an attribution. L layers, n tokens, D width, H heads and K key-value heads of width d, V vocabulary, F
 * features of the widest layer, N = L n activePerToken active features, R = min(N, maxFeatureNodes) rows, b = min(R,
 * batchSize), C = N + L n + n columns. All numbers are float32:
 *
 * - local model: L (H n² + 2 D H d + K d D) + D N S + 4 L n D + n V, and L D² more with skips. S, the number of layers
 *   that a feature writes to, is 1, or (L + 1) / 2 for cross-layer transcoders;
 * - edges: a quarter of (R + 10) C, and (R + 10) (R + L n + n + 10) for the graph, or half of the graph alone when R =
 *   N;
 * - rows at once, b on a GPU, and min(b / t, max(16, 1536 / n)) on each of t threads: n (2 max(D, H d) + d + max(d, D
 *   with skips)) + C + 2 D for each;
 * - encoding: 3.25 n F, of at most 64 Mi activations.
 */
export function attributionMemory(
  spec: ModelSpec,
  transcoders: TranscoderSpec,
  {
    tokens: n,
    batchSize: asked,
    activePerToken,
    maxFeatureNodes,
    threads,
    free = Number.POSITIVE_INFINITY,
  }: AttributionSize,
): AttributionMemory {
  const { nLayers: layers, dModel: width, nHeads, nKeyValueHeads, dHead, dVocab } = spec;
  const active = Math.round(layers * n * activePerToken);
  const rows = Math.min(active, maxFeatureNodes);
  const columns = active + layers * n + n;
  const span = transcoders.kind === 'perLayer' ? 1 : (layers + 1) / 2;
  const attention = nHeads * n * n + (2 * nHeads + nKeyValueHeads) * dHead * width;
  const skip = transcoders.hasSkip ? width * width : 0;
  const localModel = float * (layers * (attention + skip + 4 * n * width) + width * active * span + n * dVocab);
  const graphColumns = rows + layers * n + n + targets;
  const edgesOfRow = rows === active ? writtenShare * graphColumns : packedShare * columns + graphColumns;
  const edges = float * (rows + targets) * edgesOfRow;
  const head = transcoders.hasSkip ? Math.max(dHead, width) : dHead;
  const perRow = n * (2 * Math.max(width, nHeads * dHead) + dHead + head) + columns + 2 * width;
  const fitting = Math.floor((free - localModel) / 2 / (float * perRow));
  const batchSize = asked === 'auto' ? Math.max(1, Math.min(maxAutoRows, fitting)) : asked;
  const perBatch = float * rowsAtOnce(Math.min(rows, batchSize), Math.floor(threadPositions / n), threads) * perRow;
  const widest = Math.max(...transcoders.nFeatures);
  // The activations, a mask of one byte each, eight bytes for the index of each active one, and the matrix once more.
  const encoding = 3.25 * float * Math.min(n * widest, denseNumbers);
  return {
    tokens: n,
    batchSize,
    activePerToken,
    maxFeatureNodes,
    threads,
    activeFeatures: active,
    localModel,
    edges,
    perBatch,
    encoding,
    peak: localModel + Math.max(edges + perBatch, encoding),
  };
}

/** @param enough the rows of one thread beyond which throughput does not improve */
function rowsAtOnce(batch: number, enough: number, threads: number): number {
  return threads === 0 ? batch : Math.min(batch, threads * Math.max(threadRows, enough));
}
