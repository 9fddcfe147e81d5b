import type { GraphView } from './graph-view';
import type { GraphNode } from './nodes';

/** The direct effect of one node on another. */
export interface GraphEdge<Node = GraphNode> {
  readonly source: Node;
  readonly target: Node;
  /** What the source adds to the target: to a feature's pre-activation, or to an output. */
  readonly weight: number;
}

/** Edges other than 0 into a node, strongest first. */
export function edgesInto(graph: GraphView, target: GraphNode): GraphEdge[] {
  const edges: GraphEdge[] = [];
  graph.row(target.index).forEach((weight, source) => {
    if (weight !== 0) edges.push({ source: graph.node(source), target, weight });
  });
  return edges.sort(strongestFirst);
}

/** Edges other than 0 out of a node, strongest first. */
export function edgesOutOf(graph: GraphView, source: GraphNode): GraphEdge[] {
  const edges: GraphEdge[] = [];
  const look = (target: number) => {
    const weight = graph.weight(target, source.index);
    if (weight !== 0) edges.push({ source, target: graph.node(target), weight });
  };
  for (let feature = 0; feature < graph.nSelected; feature++) look(feature);
  for (let logit = graph.logitStart; logit < graph.nNodes; logit++) look(logit);
  return edges.sort(strongestFirst);
}

/** Sorting keeps the order of edges of one strength. */
function strongestFirst(a: GraphEdge, b: GraphEdge): number {
  return Math.abs(b.weight) - Math.abs(a.weight);
}
