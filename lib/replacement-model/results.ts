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
  /** Dense: [nLayers, n, maximum number of features per layer]. Zero at special positions. */
  readonly activations: T;
}

/** The input of attribution. L layers, n positions, N active features. */
export interface AttributionSetup {
  /** [n] */
  readonly tokens: Int32Array;
  /** Positions 0 .. specialPositions - 1 hold special tokens, which have no features and no errors. */
  readonly specialPositions: number;
  /** [N * 3] of (layer, position, feature). */
  readonly activeFeatures: Int32Array;
  /** [N] */
  readonly activationValues: Float32Array;
  /** [L, n, dModel] at the transcoders' input hook. The next three fields are at their output hook. */
  readonly featureInputs: NdArray;
  readonly featureOutputs: NdArray;
  readonly reconstruction: NdArray;
  /** The outputs minus the reconstruction. Zero at special positions. */
  readonly errorVectors: NdArray;
  /** How well each layer's output is reconstructed. Empty for fewer than 3 positions with features. */
  readonly layerFits: readonly LayerFit[];
  /** [n, dModel] the embedding rows at the input of the first block. */
  readonly tokenVectors: NdArray;
  /** [n, dVocab], after the softcap. */
  readonly logits: Logits;
}

/** Token ids by feature, [features of the layer * count] in each array. */
export interface FeatureLogits {
  readonly top: Int32Array;
  readonly bottom: Int32Array;
}

/** @throws CircuitTracerError `ERR_OUT_OF_MEMORY` when the logits of all positions exceed the maximum array size. */
export function checkLogitsSize(tokens: ArrayLike<number>, { dVocab }: ModelSpec): void {
  checkArraySize([tokens.length, dVocab], 'The logits of all positions', 'use a shorter prompt');
}

/**
 * @throws CircuitTracerError `ERR_OUT_OF_MEMORY` when the activations of all features exceed the maximum array size.
 */
export function checkActivationsSize(tokens: ArrayLike<number>, { nLayers, nFeatures }: TranscoderSpec): void {
  const shape = [nLayers, tokens.length, Math.max(...nFeatures)];
  checkArraySize(shape, 'The activations of all features', 'use sparse: true or a shorter prompt');
}
