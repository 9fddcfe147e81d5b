import { type Graph, linksInto, linksOutOf } from '../graph/graph';
import type { View } from './view';
import { membersOf } from './view';
import { nodesOf } from './visible';

export interface DrawnLinks {
  /** Weakest first, so that the strongest are drawn on top. */
  readonly links: readonly number[];
  /** The number of edges that pass the filters but are not drawn, to stay within the limit. */
  readonly left: number;
  /** The nodes whose edges are drawn. */
  readonly of: 'selection' | 'pins' | 'all';
}

/** The maximum number of edges to draw. It takes about 10 ms, whereas all edges of a large graph take seconds. */
const budget = 2000;

/**
 * The edges to draw: those of the selection, otherwise of the pinned nodes, otherwise the strongest of all. For each
 * node, at most `topLinks`. Each edge has at least `minShare` of its target's input and two visible ends.
 *
 * @param strongest all edges, by influence on the outputs, strongest first
 */
export function drawnLinks(graph: Graph, view: View, shown: Uint8Array, strongest: ArrayLike<number>): DrawnLinks {
  const passes = (link: number) =>
    Math.abs(graph.share[link]) >= view.minShare && shown[graph.source[link]] === 1 && shown[graph.target[link]] === 1;
  const selected = nodesOf(graph, view.selected === '' ? [] : membersOf(view, view.selected));
  if (selected.length > 0) return within(graph, linksOf(graph, selected, view.topLinks, passes), 'selection');
  const pinned = nodesOf(graph, view.pins);
  if (pinned.length > 0) return within(graph, pinnedLinks(graph, pinned, view, passes), 'pins');
  const all = Array.from(strongest).filter(passes);
  return { links: all.slice(0, view.topLinks).reverse(), left: Math.max(0, all.length - view.topLinks), of: 'all' };
}

interface Chosen {
  readonly links: Set<number>;
  /** Edges that pass the filters, but are not among these. An edge between two of the nodes counts once. */
  readonly left: number;
}

type Passes = (link: number) => boolean;

function linksOf(graph: Graph, nodes: readonly number[], most: number, passes: Passes): Chosen {
  const links = new Set<number>();
  const all = new Set<number>();
  for (const node of nodes) {
    for (const side of [linksInto(graph, node), linksOutOf(graph, node)]) {
      const passing = side.filter(passes);
      for (const link of passing.slice(0, most)) links.add(link);
      for (const link of passing) all.add(link);
    }
  }
  return { links, left: all.size - links.size };
}

function pinnedLinks(graph: Graph, pinned: readonly number[], view: View, passes: Passes): Chosen {
  const isPinned = new Set(pinned);
  const fits = (link: number) => {
    const from = isPinned.has(graph.source[link]);
    const to = isPinned.has(graph.target[link]);
    if (view.linkType === 'both') return from && to;
    return view.linkType === 'input' ? to : view.linkType === 'output' ? from : from || to;
  };
  return linksOf(graph, pinned, view.topLinks, (link) => passes(link) && fits(link));
}

function within(graph: Graph, { links, left }: Chosen, of: DrawnLinks['of']): DrawnLinks {
  const sorted = [...links].sort((a, b) => Math.abs(graph.share[a]) - Math.abs(graph.share[b]) || a - b);
  const excess = Math.max(0, sorted.length - budget);
  return { links: sorted.slice(excess), left: left + excess, of };
}

/** All edges by |share| * (influence + probability of the target), strongest first. */
export function strongestLinks(graph: Graph, influence: Float64Array): Int32Array {
  const value = graph.share.map(
    (share, link) => Math.abs(share) * (influence[graph.target[link]] + graph.probability[graph.target[link]]),
  );
  return Int32Array.from(value.keys()).sort((a, b) => value[b] - value[a] || a - b);
}
