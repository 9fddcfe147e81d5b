import type { NodeKind } from '../../../graph-file/schema';

/**
 * A graph file in typed arrays: n nodes in the order of the file, and m edges, sorted by target and then by strength,
 * strongest first. Immutable. The worker transfers it to the page as a whole.
 */
export interface Graph {
  readonly n: number;
  readonly m: number;
  /** [n] unique. A repeated id gets `#2`, `#3` and so on. */
  readonly ids: readonly string[];
  /** [n] the id by which some pages identify a node (`jsNodeId`). Not unique, may be empty. */
  readonly aliases: readonly string[];
  readonly kinds: readonly NodeKind[];
  /** [n] the layer of the model. -1 for tokens, the number of layers for logits. */
  readonly layer: Int32Array;
  /** [n] the row of the link graph. 0 for tokens, at the bottom. */
  readonly row: Int32Array;
  /** [n] the position in the prompt */
  readonly position: Int32Array;
  /** [n] the index in its layer's dictionary, the vocabulary id, or -1 */
  readonly feature: Float64Array;
  /** [n] the field `feature` of the file, or NaN */
  readonly rawFeature: Float64Array;
  /** [n] NaN if missing in the file */
  readonly activation: Float64Array;
  /** [n] the share of all influence held by the node and all more influential ones. NaN if missing in the file. */
  readonly influence: Float64Array;
  /** [n] the influence of the node itself on the outputs. Large is important. NaN for outputs. */
  readonly ownInfluence: Float64Array;
  /** The source of `ownInfluence`: the whole graph, if the file has it, or the edges in the pruned file. */
  readonly influenceOf: 'graph' | 'file';
  /** [n] the rank by influence, from 1 for the most influential node. 0 for outputs. */
  readonly influenceRank: Int32Array;
  /**
   * The share of all influence that the file's nodes were chosen to hold, greater than 0 and at most 1. 1 if missing.
   */
  readonly keptInfluence: number;
  /** [n] the probability of an output. 0 for other nodes. */
  readonly probability: Float64Array;
  /** [n] the label in the file. May be empty. */
  readonly labels: readonly string[];
  /** One text per position. */
  readonly tokens: readonly string[];
  /** The rows of the link graph from bottom to top: tokens, layers, outputs. */
  readonly nRows: number;

  /** [n + 1] edges `inStart[t]` to `inStart[t + 1] - 1` lead into node t. */
  readonly inStart: Int32Array;
  /** [m] */
  readonly source: Int32Array;
  readonly target: Int32Array;
  readonly weight: Float64Array;
  /** [m] weight / A(target): the signed share of the target's input */
  readonly share: Float64Array;
  /** [n + 1], [m]: the edges out of node s are `outLink[outStart[s] .. outStart[s + 1] - 1]`, largest |share| first. */
  readonly outStart: Int32Array;
  readonly outLink: Int32Array;
  /** [n] A(t) = sum of |w| over the edges into t */
  readonly inputTotal: Float64Array;
  /** [n] the part of A(t) that comes from errors, 0 to 1 */
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

/** Sort the edges and compute their shares. */
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

/** Group the edges by the node at one end, largest first. Fills `start` with the index of each node's first edge. */
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

/** The edges into a node, strongest first. */
export function linksInto(graph: Graph, node: number): number[] {
  const first = graph.inStart[node];
  return Array.from({ length: graph.inStart[node + 1] - first }, (_, i) => first + i);
}

/** The edges out of a node, those with the largest share of their target first. */
export function linksOutOf(graph: Graph, node: number): number[] {
  return Array.from(graph.outLink.subarray(graph.outStart[node], graph.outStart[node + 1]));
}

const indices = new WeakMap<Graph, ReadonlyMap<string, number>>();

/** Find a node by its id, or else the first one by an alias. Undefined if there is none. */
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
