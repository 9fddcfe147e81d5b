import type { Graph } from '../graph/graph';
import { nodeOf } from '../graph/graph';
import { membersOf, type View } from './view';

type Filters = Pick<View, 'threshold' | 'hideErrors' | 'pins' | 'groups' | 'selected'>;

/**
 * [n] 1 for nodes that are shown: tokens and outputs always, others while their cumulative influence (unknown counts as
 * small) is at most the threshold; errors unless hidden. Pinned and selected nodes stay whatever the filters.
 *
 * At the threshold that the file was pruned at all its nodes are shown: the last of the fewest that hold so much has a
 * little more.
 */
export function shownNodes(graph: Graph, view: Filters): Uint8Array {
  const shown = new Uint8Array(graph.n);
  const all = view.threshold >= graph.keptInfluence;
  for (let node = 0; node < graph.n; node++) {
    const kind = graph.kinds[node];
    const important = all || kind === 'token' || kind === 'logit' || !(graph.influence[node] > view.threshold);
    if (important && !(view.hideErrors && kind === 'error')) shown[node] = 1;
  }
  for (const id of [...view.pins, ...membersOf(view, view.selected)]) {
    const node = nodeOf(graph, id);
    if (node !== undefined) shown[node] = 1;
  }
  return shown;
}

/** Nodes of ids, without those the graph has not. */
export function nodesOf(graph: Graph, ids: readonly string[]): number[] {
  return ids.flatMap((id) => nodeOf(graph, id) ?? []);
}
