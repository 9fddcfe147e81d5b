import type { ModelSpec } from '../engine/model-spec';
import { attributionSettings } from '../engine/settings';
import type { TranscoderSpec } from '../engine/transcoder-spec';
import type { Settled, ValuesOf } from '../options';
import type { sizeOptions } from './options';

/** What an attribution is assumed to be of. */
export interface AttributionSize extends ValuesOf<typeof sizeOptions> {
  /** Of the CPU that compute rows; 0 on a GPU. */
  readonly threads: number;
  /** Bytes that can still be had when the attribution begins; for `auto`. Default Infinity. */
  readonly free?: number;
}

/** Bytes an attribution takes besides the weights, while it runs; with the rows at once that `auto` comes to. */
export interface AttributionMemory extends Settled<AttributionSize> {
  readonly activeFeatures: number;
  /** The frozen model: attention patterns and matrices, decoder rows of active features, errors, activations. */
  readonly localModel: number;
  /** Edge rows, and the graph made of them. */
  readonly edges: number;
  /** Gradients and rows of all that is computed at once. */
  readonly perBatch: number;
  /** Activations of the widest layer before the inactive are dropped; not at the same time as the others but the first. */
  readonly encoding: number;
  /** Most of these at once. */
  readonly peak: number;
}

const float = 4;
/** Of 64 Mi numbers, as native encodes: `kDenseNumbers` in native/core/transcoder/transcoder_set.cc. */
const denseNumbers = 64 * 2 ** 20;
/** `auto` takes no more rows than these. */
const mostRows = attributionSettings.batchSize.default;
/** Salient tokens at most, by default. */
const targets = attributionSettings.maxNLogits.default;
/**
 * A thread takes as many rows as together have so many positions, but not fewer than so many: `kCpuPositions` and
 * `kFewestRows` in native.
 */
const threadPositions = 1536;
const threadRows = 16;
/** Of all columns, what a row can depend on: on average half of the layers and half of the positions. */
const packedShare = 0.25;
/** Of a graph of all features, the memory that is written to. */
const writtenShare = 0.5;

/**
 * Memory of an attribution. L layers, n tokens, D width, H heads and K key-value heads of width d, V vocabulary, F features
 * of the widest layer, N = L n activePerToken active features, R = min(N, maxFeatureNodes) rows, b = min(R, batchSize),
 * C = N + L n + n columns; all numbers float32:
 *
 * - local model: L (H n² + 2 D H d + K d D) + D N S + 4 L n D + n V, where S, layers written to by a feature, is 1 or
 *   (L + 1) / 2 across layers, and L D² more with skips;
 * - edges: a quarter of (R + 10) C, and (R + 10) (R + L n + n + 10) for the graph; half of the graph alone when R = N;
 * - rows at once, b on a GPU, and on each of t threads min(b / t, max(16, 1536 / n)):
 *   n (2 max(D, H d) + d + max(d, D with skips)) + C + 2 D for each;
 * - encoding: 3.25 n F, of 64 Mi activations at most.
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
  const batchSize = asked === 'auto' ? Math.max(1, Math.min(mostRows, fitting)) : asked;
  const perBatch = float * rowsAtOnce(Math.min(rows, batchSize), Math.floor(threadPositions / n), threads) * perRow;
  const widest = Math.max(...transcoders.nFeatures);
  // The activations, a mask of one byte, their places: eight bytes of each active one, and the matrix once more.
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

/** @param enough rows on one thread: more are not faster */
function rowsAtOnce(batch: number, enough: number, threads: number): number {
  return threads === 0 ? batch : Math.min(batch, threads * Math.max(threadRows, enough));
}
