/**
 * `circuit-tracer/types`: types of parts of options and results that programs rarely name.
 *
 * @packageDocumentation
 */
export type { TargetPosition, TargetWeight, TokenName } from './attribution/targets';
export type { Activations, SparseList } from './engine/arrays';
export type { Device } from './engine/device';
export type { ComputeDtype } from './engine/load-options';
export type { ModelWeights, RotaryTable } from './engine/model-spec';
export type { FeatureName } from './features/sources/feature-source';
export type { Fingerprints } from './fingerprint/fingerprint';
export type { CircuitGroup, CircuitOptions } from './graph/circuit';
export type { ConvertGraphOptions } from './graph/convert';
export type { EdgeBlocks } from './graph/edge-rows';
export type { GraphFilesWritten } from './graph/formats/graph-files';
export type { GraphFileView } from './graph/formats/graph-json-options';

export type { GraphScores, LoadGraphOptions } from './graph/graph';

export type { GraphModel } from './graph/graph-data';
export type { GraphView, PrunedView } from './graph/graph-view';
export type { GraphOverview, PrunedGraphOverview } from './graph/overview';
export type { PrunedGraphOf } from './graph/prune';
export type { PruneThresholds } from './graph/prune-options';
export type { ExampleQuantile, FeatureExample } from './graph-file/feature-examples';
export type { Unchecked } from './graph-file/json-values';
export type { HubOptions } from './hub/settings';
export type { TopTokensOptions } from './intervention/logits';
export type { FreezeOptions, LayerChoice, SamplingOptions } from './intervention/options';
export type { ActiveFeature } from './intervention/swap';
export type { FeatureAt } from './intervention/types';
export type { Logger, LogMethod } from './log';
export type { ChatContentPart, ChatMessage } from './model/chat-template';
export type { TokenizedPrompt, TokenizerOptions } from './model/tokenizer';
export type { OptionsOf, RequiredNames, ResolvedOf, Settled, ValuesOf } from './options';
export type { Progress } from './progress';
export type { LayerArrays } from './replacement-model/random-weights';
export type { LayerFit } from './replacement-model/reconstruction';
export type { FeatureLogits } from './replacement-model/results';
export type { Comparison, ErrorStatistics } from './verify/comparison';
export type { GraphDifference } from './verify/differences';
export type { FreeCheck } from './verify/free-check';
export type { FrozenCheck } from './verify/frozen-check';
