import type { Json } from '../../../graph-file/json-values';
import { readMetadata, readNodeInfluence } from '../../../graph-file/read';
import type { Graph } from '../graph/graph';
import { influenceOf } from './scores';

type Linked = Omit<Graph, keyof Influences>;
export type Influences = Pick<Graph, 'ownInfluence' | 'influenceOf' | 'influenceRank' | 'keptInfluence'>;

/**
 * The influence of each node on the outputs. Files of this package have it for the whole graph, in `node_influence` by
 * node id. For other files it is computed from their edges.
 */
export function influences(graph: Linked, file: Json): Influences {
  const given = readNodeInfluence(file);
  const known = graph.ids.map((id) => given.get(id) ?? Number.NaN);
  const isKnown = graph.kinds.every((kind, node) => kind === 'logit' || !Number.isNaN(known[node]));
  const own = isKnown ? Float64Array.from(known) : influenceOf(graph);
  for (const [node, kind] of graph.kinds.entries()) if (kind === 'logit') own[node] = Number.NaN;
  return {
    ownInfluence: own,
    influenceOf: isKnown ? 'graph' : 'file',
    influenceRank: ranks(graph, own),
    keptInfluence: readMetadata(file).nodeThreshold ?? 1,
  };
}

/** The order from the cumulative share in the file, if it has one. */
function ranks({ n, kinds, influence }: Linked, own: Float64Array): Int32Array {
  const place = (node: number) => (Number.isNaN(influence[node]) ? 2 : influence[node]);
  const order = Array.from(kinds.keys()).filter((node) => kinds[node] !== 'logit');
  order.sort((a, b) => place(a) - place(b) || own[b] - own[a] || a - b);
  const rank = new Int32Array(n);
  for (const [i, node] of order.entries()) rank[node] = i + 1;
  return rank;
}
