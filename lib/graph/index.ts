export type { GraphFileInfo } from '../graph-file/metadata';
export type { NeuronpediaNames } from '../graph-file/neuronpedia';
export { type ConvertGraphOptions, convertGraph } from './convert';
export type { EdgeBlocks } from './edge-rows';
export {
  type GraphFileOptions,
  type GraphFilesWritten,
  type GraphFileView,
  writeGraphFiles,
  writePrunedGraphFiles,
} from './formats/graph-json';
export { Graph, type GraphScores, type LoadGraphOptions, type PruneOptions, type SignalOptions } from './graph';
export type { GraphData, GraphModel, LogitTarget } from './graph-data';
export {
  type ErrorNode,
  type FeatureNode,
  type GraphNode,
  type LogitNode,
  type NamedNode,
  nodeId,
  type TokenNode,
} from './nodes';
export type { TopEdge, TopFeature, TopPath } from './paths';
export type { PrunedGraph, PrunedNode, PruneThresholds } from './prune';
