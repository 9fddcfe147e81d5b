import type { ModelSpec } from '../model/spec';
import type { TranscoderSpec } from '../transcoder/spec';

/** What an attribution is assumed to be of. */
export interface AttributionSize {
  /** Of the prompt, the special one included. */
  readonly tokens: number;
  readonly batchSize: number;
  /** Active features of each layer at each position, on average. */
  readonly activePerToken: number;
  /** Rows of features in the graph; Infinity: of all active ones. */
  readonly maxFeatureNodes: number;
}

/** Bytes an attribution takes besides the weights, while it runs. */
export interface AttributionMemory extends AttributionSize {
  readonly activeFeatures: number;
  /** The frozen model: attention patterns and matrices, decoder rows of active features, errors, activations. */
  readonly localModel: number;
  /** The table of edges, and the graph taken from it. */
  readonly edges: number;
  /** Gradients and rows of one batch. */
  readonly perBatch: number;
  /** Activations of the widest layer before the inactive are dropped; not at the same time as the others but the first. */
  readonly encoding: number;
  /** Most of these at once. */
  readonly peak: number;
}

const float = 4;
/** Of 64 Mi numbers, as native encodes: `kDenseNumbers` in native/core/transcoder/transcoder_set.cc. */
const denseNumbers = 64 * 2 ** 20;
/** Salient tokens at most, by default. */
const targets = 10;

/**
 * Memory of an attribution. L layers, n tokens, D width, H heads and K key-value heads of width d, V vocabulary, F features
 * of the widest layer, N = L n activePerToken active features, R = min(N, maxFeatureNodes) rows, b = min(R, batchSize),
 * C = N + L n + n columns; all numbers float32:
 *
 * - local model: L (H n² + 2 D H d + K d D) + D N S + 4 L n D + n V, where S, layers written to by a feature, is 1 or
 *   (L + 1) / 2 across layers, and L D² more with skips;
 * - edges: (R + 10) C, and (R + 10) (R + L n + n + 10) for the graph;
 * - a batch: 2 n b D + K n b d + n b max(d, D with skips) + 3 b C + 2 b D;
 * - encoding: 3.25 n F, of 64 Mi activations at most.
 */
export function attributionMemory(
  spec: ModelSpec,
  transcoders: TranscoderSpec,
  { tokens: n, batchSize, activePerToken, maxFeatureNodes }: AttributionSize,
): AttributionMemory {
  const { nLayers: layers, dModel: width, nHeads, nKeyValueHeads, dHead, dVocab } = spec;
  const active = Math.round(layers * n * activePerToken);
  const rows = Math.min(active, maxFeatureNodes);
  const batch = Math.min(rows, batchSize);
  const columns = active + layers * n + n;
  const span = transcoders.kind === 'perLayer' ? 1 : (layers + 1) / 2;
  const attention = nHeads * n * n + (2 * nHeads + nKeyValueHeads) * dHead * width;
  const skip = transcoders.hasSkip ? width * width : 0;
  const localModel = float * (layers * (attention + skip + 4 * n * width) + width * active * span + n * dVocab);
  const edges = float * (rows + targets) * (columns + rows + layers * n + n + targets);
  const head = transcoders.hasSkip ? Math.max(dHead, width) : dHead;
  const gradients = n * batch * (2 * width + nKeyValueHeads * dHead + head);
  const perBatch = float * (gradients + 3 * batch * columns + 2 * batch * width);
  const widest = Math.max(...transcoders.nFeatures);
  // The activations, a mask of one byte, their places: eight bytes of each active one, and the matrix once more.
  const encoding = 3.25 * float * Math.min(n * widest, denseNumbers);
  return {
    ...{ tokens: n, batchSize, activePerToken, maxFeatureNodes, activeFeatures: active },
    ...{ localModel, edges, perBatch, encoding },
    peak: localModel + Math.max(edges + perBatch, encoding),
  };
}
