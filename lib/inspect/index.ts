/**
 * `circuit-tracer/inspect`: what a path or a repository holds, what a graph says in short, and which of its features have
 * no label. The commands `info`, `graph`, `label` and `intervene` report these.
 *
 * @packageDocumentation
 */

export type { ModelPlan } from '../model/families';
export { describeExperiment, type ExperimentEdits, type ExperimentRuns } from './experiment';
export { type GraphSummary, type NodeSummary, type SummaryFiles, summarise } from './graph-summary';
export { type GraphInfo, type Info, inspect, type ModelInfo, type StoredWeights, type TranscoderInfo } from './inspect';
export { findUnlabelled, type LabelledGraph, type Place, type Unlabelled } from './unlabelled';
