import type { NodeKind } from '../../../graph-file/schema';

/**
 * A graph file in typed arrays: n nodes, in the order of the file, and m links, sorted by target and, within one target,
 * strongest first. Never changed once built; it crosses from the worker to the page whole.
 */
export interface Graph {
  readonly n: number;
  readonly m: number;
  /** [n] unique: a repeated id has `#2`, `#3`, ... added. */
  readonly ids: readonly string[];
  /** [n] the id by which some pages know a node (`jsNodeId`); not unique, maybe empty */
  readonly aliases: readonly string[];
  readonly kinds: readonly NodeKind[];
  /** [n] layer of the model; -1 for tokens. A logit's is one past the last. */
  readonly layer: Int32Array;
  /** [n] band of the link graph, 0 at the bottom for tokens. */
  readonly row: Int32Array;
  /** [n] position in the prompt */
  readonly position: Int32Array;
  /** [n] index in its layer's dictionary, vocabulary id, or -1 */
  readonly feature: Float64Array;
  /** [n] `feature` as the file has it, NaN for none */
  readonly rawFeature: Float64Array;
  /** [n] NaN where the file has none */
  readonly activation: Float64Array;
  /** [n] share of all influence held by the node and the more influential ones. NaN where the file has none. */
  readonly influence: Float64Array;
  /** [n] influence of the node itself on the outputs: large is important. NaN for outputs. */
  readonly ownInfluence: Float64Array;
  /** Where `ownInfluence` is from: the whole graph, as the file says it, or the file's links, for it is pruned. */
  readonly influenceOf: 'graph' | 'file';
  /** [n] place in the order of influence, 1 for the most influential; 0 for outputs. */
  readonly influenceRank: Int32Array;
  /** Share of all influence that the file's nodes were chosen to hold, above 0 to 1; 1 where it doesn't say. */
  readonly keptInfluence: number;
  /** [n] probability of an output, 0 elsewhere */
  readonly probability: Float64Array;
  /** [n] label in the file, maybe empty */
  readonly labels: readonly string[];
  /** One text per position. */
  readonly tokens: readonly string[];
  /** Rows of the link graph, bottom to top: tokens, layers, outputs. */
  readonly nRows: number;

  /** [n + 1] links `inStart[t]` to `inStart[t + 1] - 1` lead into node t. */
  readonly inStart: Int32Array;
  /** [m] */
  readonly source: Int32Array;
  readonly target: Int32Array;
  readonly weight: Float64Array;
  /** [m] weight / A(target): the signed share of the target's input */
  readonly share: Float64Array;
  /** [n + 1], [m]: links out of node s are `outLink[outStart[s] .. outStart[s + 1] - 1]`, largest |share| first. */
  readonly outStart: Int32Array;
  readonly outLink: Int32Array;
  /** [n] A(t) = sum of |w| over the links into t */
  readonly inputTotal: Float64Array;
  /** [n] part of A(t) that comes from errors, 0 to 1 */
  readonly errorShare: Float64Array;
}

export interface RawLink {
  readonly source: number;
  readonly target: number;
  readonly weight: number;
}

export type GraphLinks = Pick<
  Graph,
  'm' | 'inStart' | 'source' | 'target' | 'weight' | 'share' | 'outStart' | 'outLink' | 'inputTotal' | 'errorShare'
>;

/** Sort the links and weigh them. */
export function buildLinks(kinds: readonly NodeKind[], links: readonly RawLink[]): GraphLinks {
  const n = kinds.length;
  const m = links.length;
  const size = Float64Array.from(links, ({ weight }) => Math.abs(weight));
  const inStart = new Int32Array(n + 1);
  const order = byNode(
    Int32Array.from(links, ({ target }) => target),
    size,
    inStart,
  );
  const source = Int32Array.from(order, (link) => links[link].source);
  const target = Int32Array.from(order, (link) => links[link].target);
  const weight = Float64Array.from(order, (link) => links[link].weight);
  const inputTotal = new Float64Array(n);
  const errorShare = new Float64Array(n);
  for (let link = 0; link < m; link++) {
    inputTotal[target[link]] += Math.abs(weight[link]);
    if (kinds[source[link]] === 'error') errorShare[target[link]] += Math.abs(weight[link]);
  }
  const share = weight.map((value, link) => ratio(value, inputTotal[target[link]]));
  for (let node = 0; node < n; node++) errorShare[node] = ratio(errorShare[node], inputTotal[node]);
  const outStart = new Int32Array(n + 1);
  const outLink = byNode(source, share.map(Math.abs), outStart);
  return { m, inStart, source, target, weight, share, outStart, outLink, inputTotal, errorShare };
}

/** Links by the node at one end, the largest first; fills `start` with where each node's begin. */
function byNode(ends: Int32Array, size: Float64Array, start: Int32Array): Int32Array {
  for (const end of ends) start[end + 1]++;
  for (let node = 0; node + 1 < start.length; node++) start[node + 1] += start[node];
  const order = new Int32Array(ends.length);
  const next = start.slice();
  for (let link = 0; link < ends.length; link++) order[next[ends[link]]++] = link;
  for (let node = 0; node + 1 < start.length; node++) {
    const own = order.subarray(start[node], start[node + 1]);
    if (own.length > 1) own.sort((a, b) => size[b] - size[a] || a - b);
  }
  return order;
}

export function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

/** Links into a node, strongest first. */
export function linksInto(graph: Graph, node: number): number[] {
  const first = graph.inStart[node];
  return Array.from({ length: graph.inStart[node + 1] - first }, (_, i) => first + i);
}

/** Links out of a node, largest share of its target first. */
export function linksOutOf(graph: Graph, node: number): number[] {
  return Array.from(graph.outLink.subarray(graph.outStart[node], graph.outStart[node + 1]));
}

const indices = new WeakMap<Graph, ReadonlyMap<string, number>>();

/** Node of an id, or else the first of an alias; undefined where the graph has none. */
export function nodeOf(graph: Graph, id: string): number | undefined {
  const known = indices.get(graph);
  if (known) return known.get(id);
  const index = new Map<string, number>();
  for (let node = graph.n - 1; node >= 0; node--) index.set(graph.aliases[node], node);
  index.delete('');
  for (let node = graph.n - 1; node >= 0; node--) index.set(graph.ids[node], node);
  indices.set(graph, index);
  return index.get(id);
}
