import type { CallOptions } from '../call-options';
import type { GraphData } from './graph-data';
import type { GraphNode } from './nodes';
import type { PruneThresholds } from './prune-options';

/** The parts of a `Graph` that functions on graphs read. `Graph` uses these functions, so they cannot import it. */
export interface GraphView
  extends Pick<GraphData, 'prompt' | 'tokenStrings' | 'model' | 'scan' | 'logits' | 'settings' | 'packageVersion'> {
  readonly nLayers: number;
  readonly nActive: number;
  readonly nSelected: number;
  readonly nNodes: number;
  readonly errorStart: number;
  readonly tokenStart: number;
  readonly logitStart: number;
  node(index: number): GraphNode;
  row(target: number): Float32Array;
  weight(target: number, source: number): number;
  nodeInfluence(options?: CallOptions): Promise<Float32Array>;
}

/** The parts of a `PrunedGraph` that functions on pruned graphs read. */
export interface PrunedView {
  readonly graph: GraphView;
  readonly thresholds: PruneThresholds;
  /** [M] 1 = kept. */
  readonly nodeMask: Uint8Array;
  readonly nEdges: number;
  /** [E] kept edges by node index, sorted by target, then source. */
  readonly edgeTargets: Int32Array;
  readonly edgeSources: Int32Array;
  readonly edgeWeights: Float32Array;
}
