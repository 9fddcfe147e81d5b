import { type GroupEdge, groupEdges, type Link } from '../../../graph-file/group-edges';
import type { NodeKind } from '../../../graph-file/schema';
import { type Graph, linksInto } from '../graph/graph';
import { titleOf } from '../graph/names';
import { boxKeys, groupOfKey, membersOf, type View } from './view';
import { nodesOf } from './visible';

/** A pinned node or a group. */
export interface Box {
  readonly key: string;
  readonly label: string;
  readonly nodes: readonly number[];
  readonly kind: NodeKind | 'group';
  /** Means over the members. */
  readonly row: number;
  readonly position: number;
}

export interface Subgraph {
  readonly boxes: readonly Box[];
  /** Indices in `boxes`. */
  readonly edges: readonly GroupEdge[];
  /** The boxes beyond the maximum number that the page can lay out. */
  readonly left: number;
}

export const maxBoxes = 200;

type Pinned = Pick<View, 'pins' | 'groups' | 'labels'>;

export function subgraphOf(graph: Graph, view: Pinned): Subgraph {
  const all = boxKeys(view).flatMap((key) => boxOf(graph, view, key));
  const boxes = all.slice(0, maxBoxes);
  const members = boxes.map(({ nodes }) => nodes);
  return { boxes, edges: groupEdges(linksToward(graph, members.flat()), members), left: all.length - boxes.length };
}

function boxOf(graph: Graph, view: Pinned, key: string): Box[] {
  const nodes = nodesOf(graph, membersOf(view, key));
  if (nodes.length === 0) return [];
  const group = groupOfKey(view, key);
  const mean = (values: Int32Array) => nodes.reduce((sum, node) => sum + values[node], 0) / nodes.length;
  return [
    {
      key,
      nodes,
      label: group ? group.label : titleOf(graph, nodes[0], view.labels),
      kind: group ? 'group' : graph.kinds[nodes[0]],
      row: mean(graph.row),
      position: mean(graph.position),
    },
  ];
}

/** Only edges into members count. */
function* linksToward(graph: Graph, nodes: readonly number[]): Generator<Link<number>> {
  for (const target of nodes) {
    for (const link of linksInto(graph, target)) {
      yield { source: graph.source[link], target, weight: graph.weight[link] };
    }
  }
}
