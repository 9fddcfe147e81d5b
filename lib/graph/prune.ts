import type { NativePruneResult } from '../engine/binding';
import type { Graph } from './graph';
import type { GraphNode } from './nodes';
import { type TopEdge, type TopFeature, type TopPath, topEdges, topFeatures, topPaths } from './paths';

export interface PruneThresholds {
  readonly nodeThreshold: number;
  readonly edgeThreshold: number;
}

/** A node that pruning kept. */
export type PrunedNode = GraphNode & {
  /** Share of all influence held by this node and the more influential ones: small = important. Not for logits. */
  readonly influence: number | null;
};

/** The nodes and edges of a graph that hold given shares of its influence on the outputs. */
export class PrunedGraph {
  readonly graph: Graph;
  readonly thresholds: PruneThresholds;
  /** [M] 1 = kept. Tokens and logits always are. */
  readonly nodeMask: Uint8Array;
  /** [M] share of influence held by this node and all more influential ones. */
  readonly cumulativeScores: Float32Array;
  /** [E] kept edges by node index, sorted by target, then source. */
  readonly edgeTargets: Int32Array;
  readonly edgeSources: Int32Array;
  readonly edgeWeights: Float32Array;
  /** Smallest influence a node could have to be kept by the threshold. */
  readonly nodeCut: number;
  /** Smallest influence an edge could have to be kept by the threshold. */
  readonly edgeCut: number;

  /** @internal */
  constructor(graph: Graph, result: NativePruneResult, thresholds: PruneThresholds) {
    this.graph = graph;
    this.thresholds = thresholds;
    this.nodeMask = result.nodeMask;
    this.cumulativeScores = result.cumulativeScores;
    this.edgeTargets = result.edgeTargets;
    this.edgeSources = result.edgeSources;
    this.edgeWeights = result.edgeWeights;
    this.nodeCut = result.nodeCut;
    this.edgeCut = result.edgeCut;
  }

  get nEdges(): number {
    return this.edgeWeights.length;
  }

  /** The kept nodes by ascending index: features, errors, tokens, logits. */
  nodes(): PrunedNode[] {
    const kept: PrunedNode[] = [];
    this.nodeMask.forEach((keep, index) => {
      if (!keep) return;
      const node = this.graph.node(index);
      kept.push({ ...node, influence: node.kind === 'logit' ? null : (this.cumulativeScores[index] as number) });
    });
    return kept;
  }

  /** The kept features with the most influence on the outputs, at most `count`, strongest first. */
  topFeatures(count: number, signal?: AbortSignal): Promise<TopFeature[]> {
    return topFeatures(this, count, signal);
  }

  /** The kept edges that carry the most influence to the outputs, at most `count`, strongest first. */
  topEdges(count: number): TopEdge[] {
    return topEdges(this, count);
  }

  /** The strongest paths from a token to an output over kept edges, at most `count`, strongest first. */
  topPaths(count: number): TopPath[] {
    return topPaths(this, count);
  }
}
