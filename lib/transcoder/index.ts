/**
 * `circuit-tracer/transcoders`: transcoders without a model, to encode, decode, inspect and convert.
 *
 * @packageDocumentation
 */
export type {
  ActivationFunction,
  FeatureInputHook,
  FeatureOutputHook,
  TranscoderLayerWeights,
  TranscoderPlan,
  TranscoderSpec,
} from '../engine/transcoder-spec';
export type { FetchOptions } from '../hub/plan';
export type { FileChecksum, StoredDtype, TensorSource, ViewStep } from '../io/tensor-source';
export {
  type ConvertedTranscoders,
  type ConvertTranscodersOptions,
  convertTranscoders,
} from './convert/convert';
export { planTranscoders } from './formats';
export {
  type EncodeOptions,
  type EncodeSparseOptions,
  type Floats,
  type ScaledDecoderVectors,
  type SparseEncoding,
  type TranscoderLoadOptions,
  Transcoders,
} from './transcoders';
