/**
 * `circuit-tracer/graph-file`: the content of graph files, and functions that read it.
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
