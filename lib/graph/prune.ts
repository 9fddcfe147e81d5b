import { type InspectOptions, inspect } from 'node:util';
import type { CallOptions } from '../call-options';
import type { NativePruneResult } from '../engine/binding';
import type { GraphEdge } from './edges';
import type { GraphView, PrunedView, PruneThresholds } from './graph-view';
import type { FeatureNode, GraphNode } from './nodes';
import { type PrunedGraphOverview, prunedOverview, shown } from './overview';
import { type TopEdge, type TopFeature, type TopPath, topEdges, topFeatures, topPaths } from './paths';

/** A node that pruning kept. */
export type PrunedNode<Node = GraphNode> = Node & {
  /** Share of all influence held by this node and the more influential ones: small = important. Not for logits. */
  readonly influence: number | null;
};

/**
 * The nodes and edges of a graph that hold given shares of its influence on the outputs. Users know it as the type
 * `PrunedGraph` of pruned-graph.ts, whose `graph` is a `Graph`.
 */
export class PrunedGraphOf<G extends GraphView = GraphView> implements PrunedView {
  readonly graph: G;
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
  constructor(graph: G, result: NativePruneResult, thresholds: PruneThresholds) {
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

  /** The kept nodes, or those that `test` holds for, by ascending index: features, errors, tokens, logits. */
  nodes(test: (node: PrunedNode) => unknown = () => true): PrunedNode[] {
    const kept: PrunedNode[] = [];
    this.nodeMask.forEach((keep, index) => {
      if (keep) kept.push(this.#node(index));
    });
    return kept.filter(test);
  }

  /** The kept features, or those that `test` holds for, by ascending index. */
  features(test: (node: PrunedNode<FeatureNode>) => unknown = () => true): PrunedNode<FeatureNode>[] {
    const isFeature = (node: PrunedNode): node is PrunedNode<FeatureNode> => node.kind === 'feature';
    return this.nodes().filter(isFeature).filter(test);
  }

  /** The kept edges, sorted by target, then source. {@link topEdges} gives the strongest. */
  edges(): GraphEdge<PrunedNode>[] {
    const nodes = new Map(this.nodes().map((node) => [node.index, node]));
    const node = (index: number) => nodes.get(index) ?? this.#node(index);
    return Array.from(this.edgeWeights, (weight, edge) => ({
      source: node(this.edgeSources[edge] as number),
      target: node(this.edgeTargets[edge] as number),
      weight,
    }));
  }

  #node(index: number): PrunedNode {
    const node = this.graph.node(index);
    return { ...node, influence: node.kind === 'logit' ? null : (this.cumulativeScores[index] as number) };
  }

  /**
   * The kept features with the most influence on the outputs, at most `count`, strongest first.
   *
   * @throws CircuitTracerError `ERR_INVALID_ARGUMENT` for a count that isn't a whole number of 0 or more, and what
   * `Graph.nodeInfluence` throws.
   */
  topFeatures(count: number, options: CallOptions = {}): Promise<TopFeature[]> {
    return topFeatures(this, count, options);
  }

  /** The kept edges that carry the most influence to the outputs, at most `count`, strongest first. */
  topEdges(count: number): TopEdge[] {
    return topEdges(this, count);
  }

  /** The strongest paths from a token to an output over kept edges, at most `count`, strongest first. */
  topPaths(count: number): TopPath[] {
    return topPaths(this, count);
  }

  /** The gist of what was kept, without its numbers: what `JSON.stringify` writes. */
  toJSON(): PrunedGraphOverview {
    return prunedOverview(this);
  }

  /** @internal */
  [inspect.custom](_depth: number, options: InspectOptions): string {
    return shown('PrunedGraph', this.toJSON(), options);
  }
}
