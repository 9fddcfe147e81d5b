import type { GraphView } from './graph-view';
import type { GraphNode } from './nodes';

/** The direct effect of one node on another. */
export interface GraphEdge<Node = GraphNode> {
  readonly source: Node;
  readonly target: Node;
  /** What the source adds to the target: to the pre-activation of a feature, or to an output. */
  readonly weight: number;
}

/** The non-zero edges into a node, strongest first. */
export function edgesInto(graph: GraphView, target: GraphNode): GraphEdge[] {
  const edges: GraphEdge[] = [];
  graph.row(target.index).forEach((weight, source) => {
    if (weight !== 0) edges.push({ source: graph.node(source), target, weight });
  });
  return edges.sort(strongestFirst);
}

/** The non-zero edges out of a node, strongest first. */
export function outgoingEdges(graph: GraphView, source: GraphNode): GraphEdge[] {
  const edges: GraphEdge[] = [];
  const look = (target: number) => {
    const weight = graph.weight(target, source.index);
    if (weight !== 0) edges.push({ source, target: graph.node(target), weight });
  };
  for (let feature = 0; feature < graph.nSelected; feature++) look(feature);
  for (let logit = graph.logitStart; logit < graph.nNodes; logit++) look(logit);
  return edges.sort(strongestFirst);
}

/** Sorting is stable, so edges of equal strength keep their order. */
function strongestFirst(a: GraphEdge, b: GraphEdge): number {
  return Math.abs(b.weight) - Math.abs(a.weight);
}
