import type { Activations, NdArray } from '../engine/arrays';
import type { ModelSpec } from '../engine/model-spec';
import type { TranscoderSpec } from '../engine/transcoder-spec';
import type { Logits } from '../intervention/logits';
import { checkArraySize } from '../memory-limits';
import type { LayerFit } from './reconstruction';

export interface FeatureActivations<T = Activations> {
  /** [n] */
  readonly tokens: Int32Array;
  /** [n, dVocab], after the softcap. */
  readonly logits: Logits;
  /** Dense: [nLayers, n, most features of a layer]; zero at special positions. */
  readonly activations: T;
}

/** What attribution starts from. L layers, n positions, N active features. */
export interface AttributionSetup {
  /** [n] */
  readonly tokens: Int32Array;
  /** Positions 0 .. specialPositions - 1 hold special tokens, which get no features and no errors. */
  readonly specialPositions: number;
  /** [N * 3] of (layer, position, feature). */
  readonly activeFeatures: Int32Array;
  /** [N] */
  readonly activationValues: Float32Array;
  /** [L, n, dModel] at the transcoders' input hook, as are the next three at their output hook. */
  readonly featureInputs: NdArray;
  readonly featureOutputs: NdArray;
  readonly reconstruction: NdArray;
  /** Outputs minus reconstruction, zero at special positions. */
  readonly errorVectors: NdArray;
  /** How well each layer's output is rebuilt; empty for fewer than 3 positions with features. */
  readonly layerFits: readonly LayerFit[];
  /** [n, dModel] embedding rows as they enter the first block. */
  readonly tokenVectors: NdArray;
  /** [n, dVocab], after the softcap. */
  readonly logits: Logits;
}

/** Token ids by feature, [features of the layer * count] each. */
export interface FeatureLogits {
  readonly top: Int32Array;
  readonly bottom: Int32Array;
}

/** @throws CircuitTracerError `ERR_OUT_OF_MEMORY` when no array holds the logits of all positions. */
export function checkLogitsSize(tokens: ArrayLike<number>, { dVocab }: ModelSpec): void {
  checkArraySize([tokens.length, dVocab], 'The logits of all positions', 'give a shorter prompt');
}

/** @throws CircuitTracerError `ERR_OUT_OF_MEMORY` when no array holds the activations of all features. */
export function checkActivationsSize(tokens: ArrayLike<number>, { nLayers, nFeatures }: TranscoderSpec): void {
  const shape = [nLayers, tokens.length, Math.max(...nFeatures)];
  checkArraySize(shape, 'The activations of all features', 'ask for sparse: true, or give a shorter prompt');
}
