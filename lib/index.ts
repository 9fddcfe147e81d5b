/**
 * Attribution graphs of language models with transcoders.
 *
 * The root exports models and graphs. Subpaths export the rest: `circuit-tracer/server`, `/harvest`, `/render`,
 * `/graph-file`, `/transcoders`, `/memory`, and `/types` for the types of parts of options and results.
 *
 * @packageDocumentation
 */

// Models and their prompts

export type { LoadOptions } from './engine/load-options';
export type { ModelSpec } from './engine/model-spec';
export type { TranscoderSpec } from './engine/transcoder-spec';
export type { ChatPrompt } from './model/chat-template';
export { hookNames, hookTable } from './model/hooks';
export type { Prompt } from './model/prompt';
export { Tokenizer } from './model/tokenizer';
export { type FromConfigOptions, InMemoryModel } from './replacement-model/in-memory-model';
export type { ModelWithTranscoders } from './replacement-model/model-with-transcoders';
export { ReplacementModel } from './replacement-model/replacement-model';

// Inputs and results of model runs

export type { CallOptions } from './call-options';
export type { NdArray, SparseActivations } from './engine/arrays';
export type { Logits } from './intervention/logits';
export type { TokenProbability } from './intervention/top-tokens';
export type { ProgressListener } from './progress';
export type { AttributionSetup, FeatureActivations } from './replacement-model/results';
export type { ActivationOptions, RunOptions } from './replacement-model/run-options';

// Attribution

export type { AttributeOptions } from './attribution/options';
export type { TargetSpec } from './attribution/targets';

// Graphs

export { type Circuit, findCircuit } from './graph/circuit';
export type { GraphEdge } from './graph/edges';
export { Graph, type PrunedGraph } from './graph/graph';
export type { GraphData, LogitTarget } from './graph/graph-data';
export type { ErrorNode, FeatureNode, GraphNode, LogitNode, TokenNode } from './graph/nodes';
export type { TopEdge, TopFeature, TopPath } from './graph/paths';
export type { PrunedNode } from './graph/prune';
export type { PruneOptions } from './graph/prune-options';
export { type VerifyOptions, type VerifyReport, verifyGraph } from './verify';

// Graph files for the page

export { convertGraph } from './graph/convert';
export {
  type GraphFileOptions,
  type GraphJson,
  type GraphJsonOptions,
  graphJson,
  graphJsonStream,
  writeGraphFiles,
} from './graph/formats';

// Interventions

export type { GenerateOptions, InterveneOptions } from './intervention/options';
export type { GenerateResult, InterveneResult } from './intervention/results';
export { swapFeatures } from './intervention/swap';
export type {
  FeatureIntervention,
  GeneratedToken,
  Intervention,
  Position,
  VectorIntervention,
} from './intervention/types';

// Feature labels and examples

export { type FeatureSource, openFeatureSource } from './features';
export { readLabels } from './features/read-labels';
export type { FeatureExamples } from './graph-file/feature-examples';
export type { FeatureLabels } from './graph-file/labels';

// Errors, logging and the version

export { CircuitTracerError, type ErrorCode, errorCodes } from './errors';
export { setLogger } from './log';
export { packageVersion } from './package-version';
