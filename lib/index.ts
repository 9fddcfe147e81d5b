/**
 * Attribution graphs of language models with transcoders.
 *
 * @packageDocumentation
 */
export type { AttributeOptions } from './attribution/options';
export type { TargetPosition, TargetSpec, TargetWeight, TokenName } from './attribution/targets';
export type { CallOptions } from './call-options';
export type { Activations, NdArray, SparseActivations, SparseList } from './engine/arrays';
export type { NativePruneResult } from './engine/binding';
export type { Device } from './engine/device';
export type { ComputeDtype, LoadOptions } from './engine/load-options';
export type { ModelSpec, ModelWeights, RotaryTable } from './engine/model-spec';
export type {
  FeatureActivation,
  FeatureInputHook,
  FeatureOutputHook,
  TranscoderLayerWeights,
  TranscoderPlan,
  TranscoderSpec,
} from './engine/transcoder-spec';
export { CircuitTracerError, type ErrorCode, errorCodes } from './errors';
export { PackedFeatures } from './features/packed-features';
export { readLabels } from './features/read-labels';
export type { FeatureName, FeatureSource } from './features/sources/feature-source';
export { featurePlaceOf, openFeatureSource } from './features/sources/open-source';
export type { Fingerprints } from './fingerprint/fingerprint';
export * from './graph';
export { type Circuit, type CircuitGroup, type CircuitOptions, circuitOf } from './graph/circuit';
export type { ExampleQuantile, FeatureExample, FeatureExamples } from './graph-file/feature-examples';
export { type GroupEdge, groupEdges, type Link } from './graph-file/group-edges';
export type { FeatureLabels } from './graph-file/labels';
export {
  type PageSelection,
  type ScaledFeature,
  type SelectedFeature,
  type SelectedGroup,
  scaleGroups,
  selectionFromGraphFile,
  selectionFromUrl,
} from './graph-file/selection';
export { type HarvestResult, harvestFeatures } from './harvest/harvest';
export type { HarvestOptions } from './harvest/options';
export type { FetchOptions } from './hub/plan';
export type { HubOptions } from './hub/settings';
export type { FreezeOptions, GenerateOptions, InterveneOptions, SamplingOptions } from './intervention/options';
export type { Experiment, ExperimentEdge, ExperimentGroup } from './intervention/render/experiment';
export { experimentSvg } from './intervention/render/experiment-svg';
export { type ContinuationComparison, continuationsHtml, topTokensHtml } from './intervention/render/html';
export { type ActiveFeature, swapFeatures } from './intervention/swap';
export { type TokenProbability, type TopTokenComparison, topTokens } from './intervention/top-tokens';
export type {
  FeatureAt,
  FeatureIntervention,
  GeneratedToken,
  GenerateResult,
  InterveneResult,
  Intervention,
  Position,
  VectorIntervention,
} from './intervention/types';
export type { FileChecksum, StoredDtype, TensorSource, ViewStep } from './io/tensor-source';
export { setLogger } from './log';
export type { AttributionMemory, AttributionSize } from './memory/attribution-memory';
export { type AttributionEstimate, estimateMemory, type MemoryEstimate } from './memory/estimate';
export type { LoadMemory, WeightBytes, WeightGroup } from './memory/load-memory';
export type { MemoryOptions } from './memory/options';
export type { ChatContentPart, ChatMessage, ChatPrompt } from './model/chat-template';
export { hookNames, hookTable } from './model/hooks';
export type { Prompt } from './model/prompt';
export { type TokenizedPrompt, Tokenizer, type TokenizerOptions } from './model/tokenizer';
export type { OptionsOf, RequiredNames, Settled, ValuesOf } from './options';
export { packageVersion } from './package-version';
export type { Progress, ProgressListener } from './progress';
export { type FromConfigOptions, InMemoryModel } from './replacement-model/in-memory-model';
export type { ModelWithTranscoders } from './replacement-model/model-with-transcoders';
export type { GivenLayerWeights } from './replacement-model/random-weights';
export type { LayerFit } from './replacement-model/reconstruction';
export { ReplacementModel } from './replacement-model/replacement-model';
export type {
  AttributionSetup,
  FeatureActivations,
  FeatureLogits,
} from './replacement-model/results';
export type { ActivationOptions, RunOptions } from './replacement-model/run-options';
export { type GraphServer, type ServeOptions, serve } from './server';
export type { ActivationList } from './transcoder/activations';
export {
  type ConvertedTranscoders,
  type ConvertTranscodersOptions,
  convertTranscoders,
} from './transcoder/convert/convert';
export { planTranscoders } from './transcoder/formats';
export {
  type EncodeOptions,
  type EncodeSparseOptions,
  type Floats,
  type ScaledDecoderVectors,
  type SparseEncoding,
  type TranscoderLoadOptions,
  Transcoders,
} from './transcoder/transcoders';
export type { Comparison, ErrorStatistics } from './verify/comparison';
export type { GraphDifference } from './verify/differences';
export type { FreeCheck } from './verify/free-check';
export type { FrozenCheck } from './verify/frozen-check';
export { type VerifyOptions, type VerifyReport, verifyGraph } from './verify/verify';
