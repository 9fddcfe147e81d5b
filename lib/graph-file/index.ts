/**
 * `circuit-tracer/graph-file`: what a graph file of the page holds, and what can be read out of one.
 *
 * @packageDocumentation
 */
export { locateFeatures } from './feature-source';
export { type GroupEdge, groupEdges, type Link } from './group-edges';
export type { FeatureLabels } from './labels';
export type { GraphFileInfo } from './metadata';
export type { NeuronpediaNames } from './neuronpedia';
export type { GraphFile, GraphMetadata, LinkRecord, LinkType, NodeKind, NodeRecord, QParams } from './schema';
export {
  type PageSelection,
  type ScaledFeature,
  type SelectedFeature,
  type SelectedGroup,
  scaleGroups,
  selectionFromGraphFile,
  selectionFromUrl,
} from './selection';
