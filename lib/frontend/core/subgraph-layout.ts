import dagre from '@dagrejs/dagre';
import type { Subgraph } from './subgraph';
import type { Point } from './view';

export interface BoxSize {
  readonly width: number;
  readonly height: number;
}

/** Weaker edges don't shape the layout. */
const leastEdge = 0.003;

/**
 * Layers from the tokens at the bottom to the outputs at the top, with few crossings; mirrored where that brings boxes
 * nearer to the order of their tokens.
 */
export function layeredPlaces({ boxes, edges }: Subgraph, size: BoxSize): Point[] {
  const graph = new dagre.graphlib.Graph();
  graph.setGraph({ rankdir: 'BT', nodesep: 30, ranksep: 36 });
  graph.setDefaultEdgeLabel(() => ({}));
  boxes.forEach((_, i) => {
    graph.setNode(String(i), { ...size });
  });
  for (const { from, to, weight } of edges) {
    if (Math.abs(weight) >= leastEdge && from !== to) {
      graph.setEdge(String(from), String(to), { weight: Math.abs(weight) });
    }
  }
  dagre.layout(graph);
  const places = boxes.map((_, i): Point => {
    const { x, y } = graph.node(String(i)) as unknown as { x: number; y: number };
    return [x, y];
  });
  return inTokenOrder(places, boxes);
}

function inTokenOrder(places: Point[], boxes: Subgraph['boxes']): Point[] {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const middle = mean(places.map(([x]) => x));
  const centre = mean(boxes.map(({ position }) => position));
  const along = places.reduce((sum, [x], i) => sum + (x - middle) * (boxes[i].position - centre), 0);
  return along < 0 ? places.map(([x, y]) => [2 * middle - x, y]) : places;
}
