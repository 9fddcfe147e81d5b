import type { Graph } from '../graph/graph';
import { boxKeys, isGroupKey, membersOf, type Point, type View } from './view';
import { nodesOf } from './visible';

/** The size in units of the subgraph that older pages scale to 0 to 1000. */
const width = 1000;
const height = 600;

/**
 * Read box positions in the older form `x y x y ...` from 0 to 1000, one pair per box. It does not name the boxes:
 * pinned nodes come first, by layer, then groups, sorted by a key of the sorted characters of the members' `feature`
 * numbers.
 *
 * @returns nothing unless the number of positions is that of the boxes
 */
export function positionsFromList(graph: Graph, view: View, list: string): Record<string, Point> {
  const numbers = list.split(/\s+/).filter(Boolean).map(Number);
  const keys = listOrder(graph, view);
  if (numbers.length !== 2 * keys.length || !numbers.every(Number.isFinite)) return {};
  return Object.fromEntries(
    keys.map((key, i) => [key, [(numbers[2 * i] / 1000) * width, (numbers[2 * i + 1] / 1000) * height]]),
  );
}

function listOrder(graph: Graph, view: View): string[] {
  const boxes = boxKeys(view).map((key) => ({ key, nodes: nodesOf(graph, membersOf(view, key)) }));
  const present = boxes.filter(({ nodes }) => nodes.length > 0);
  const inLayers = (a: (typeof boxes)[number], b: (typeof boxes)[number]) =>
    Number(isGroupKey(a.key)) - Number(isGroupKey(b.key)) ||
    (isGroupKey(a.key) ? 0 : graph.row[a.nodes[0]] - graph.row[b.nodes[0]] || a.nodes[0] - b.nodes[0]);
  const sortKey = ({ nodes }: (typeof boxes)[number]) =>
    [...nodes.map((node) => graph.rawFeature[node]).join(' ')].sort().join(',');
  return present
    .sort(inLayers)
    .map((box) => ({ box, order: sortKey(box) }))
    .sort((a, b) => (a.order < b.order ? -1 : a.order > b.order ? 1 : 0))
    .map(({ box }) => box.key);
}
