import type { Graph } from '../core/graph/graph';
import { membersOf, type View } from '../core/view/view';
import { nodesOf } from '../core/view/visible';
import type { Ends } from './link-graph';

/** The nodes to emphasise besides the drawn edges: selected and pinned nodes, and neighbours of the selection. */
export function endsOf(graph: Graph, view: View, links: readonly number[]): Ends {
  const selected = nodesOf(graph, view.selected === '' ? [] : membersOf(view, view.selected));
  const inside = new Set(selected);
  const shares = new Map<number, number>();
  for (const link of links) {
    const other = inside.has(graph.source[link]) ? graph.target[link] : graph.source[link];
    const linked = inside.has(graph.source[link]) || inside.has(graph.target[link]);
    if (!linked || inside.has(other)) continue;
    const before = shares.get(other) ?? 0;
    if (Math.abs(graph.share[link]) > Math.abs(before)) shares.set(other, graph.share[link]);
  }
  return { shares, pinned: nodesOf(graph, view.pins), selected };
}
