import { type InspectOptions, inspect } from 'node:util';
import type { CallOptions } from '../call-options';
import type { NativePruneResult } from '../engine/binding';
import type { GraphEdge } from './edges';
import type { GraphView, PrunedView } from './graph-view';
import type { FeatureNode, GraphNode } from './nodes';
import { type PrunedGraphOverview, prunedOverview, shown } from './overview';
import { type TopEdge, type TopFeature, type TopPath, topEdges, topFeatures, topPaths } from './paths';
import type { PruneThresholds } from './prune-options';

/** A node that pruning kept. */
export type PrunedNode<Node = GraphNode> = Node & {
  /**
   * The share of all influence held by this node and all more influential ones. Small is important. Undefined for
   * logits.
   */
  readonly influence: number | null;
};

/**
 * The nodes and edges of a graph that hold given shares of its influence on the outputs. The public type is
 * `PrunedGraph` in graph.ts, whose `graph` is a `Graph`: that file imports this one, so this one cannot name `Graph`.
 */
export class PrunedGraphOf<G extends GraphView = GraphView> implements PrunedView {
  readonly graph: G;
  readonly thresholds: PruneThresholds;
  /** [M] 1 for kept nodes. Tokens and logits are always kept. */
  readonly nodeMask: Uint8Array;
  /** [M] the share of influence held by this node and all more influential ones. */
  readonly cumulativeScores: Float32Array;
  /** [E] the kept edges by node index, sorted by target, then source. */
  readonly edgeTargets: Int32Array;
  readonly edgeSources: Int32Array;
  readonly edgeWeights: Float32Array;
  /** The smallest influence of a node that the threshold keeps. */
  readonly nodeCut: number;
  /** The smallest influence of an edge that the threshold keeps. */
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

  /** The kept nodes, or those that pass `test`, by ascending index: features, errors, tokens, logits. */
  nodes(test: (node: PrunedNode) => unknown = () => true): PrunedNode[] {
    const kept: PrunedNode[] = [];
    this.nodeMask.forEach((keep, index) => {
      if (keep) kept.push(this.#node(index));
    });
    return kept.filter(test);
  }

  /** The kept features, or those that pass `test`, by ascending index. */
  features(test: (node: PrunedNode<FeatureNode>) => unknown = () => true): PrunedNode<FeatureNode>[] {
    const isFeature = (node: PrunedNode): node is PrunedNode<FeatureNode> => node.kind === 'feature';
    return this.nodes().filter(isFeature).filter(test);
  }

  /** The kept edges, sorted by target, then source. {@link topEdges} returns the strongest. */
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
   * @throws CircuitTracerError `ERR_INVALID_ARGUMENT` for a count that is not a whole number of 0 or more, and the
   * errors of `Graph.nodeInfluence`.
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

  /** An overview of the pruned graph for `JSON.stringify`, without its numbers. */
  toJSON(): PrunedGraphOverview {
    return prunedOverview(this);
  }

  /** @internal */
  [inspect.custom](_depth: number, options: InspectOptions): string {
    return shown('PrunedGraph', this.toJSON(), options);
  }
}
