import type { Graph } from '../graph/graph';
import { nodeOf } from '../graph/graph';
import { membersOf, type View } from './view';

type Filters = Pick<View, 'threshold' | 'hideErrors' | 'pins' | 'groups' | 'selected'>;

/**
 * [n] 1 for visible nodes: tokens and outputs always, other nodes if their cumulative influence is at most the
 * threshold (missing influence counts as small), and errors unless hidden. Pinned and selected nodes are always
 * visible.
 *
 * At the threshold that the file was pruned with, all its nodes are visible, including the last node, which may be
 * slightly above the threshold.
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

/** The nodes with these ids, without ids that are not in the graph. */
export function nodesOf(graph: Graph, ids: readonly string[]): number[] {
  return ids.flatMap((id) => nodeOf(graph, id) ?? []);
}
