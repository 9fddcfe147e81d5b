import { isFeatureKind } from '../../../graph-file/schema';
import { type Graph, linksInto, linksOutOf, ratio } from '../graph/graph';

/** A row in the connections of a node or group. */
export interface Connection {
  readonly node: number;
  /** The sum of the weights of its edges. */
  readonly weight: number;
  /** The signed share of the target's input. */
  readonly share: number;
}

export interface Connections {
  readonly inputs: readonly Connection[];
  readonly outputs: readonly Connection[];
}

/** The sources of a node's input: absolute shares of A(t), by kind of source. */
export interface InputPart {
  readonly kind: 'feature' | 'error' | 'token' | 'other';
  readonly when: 'same' | 'earlier';
  readonly positive: number;
  /** As a positive number. */
  readonly negative: number;
}

/**
 * The inputs and outputs of a node or a group of nodes, strongest share first.
 *
 * The input of a group Y from a node s is summed as between groups: the sum over t in Y of w(s -> t) / Ext(t) *
 * omega(t), with Ext(t) the part of A(t) from outside Y and omega(t) = (Ext(t) / A(t)) / (sum over Y of Ext / A). The
 * output into a node t is the sum over s in Y of w(s -> t) / A(t). Edges within the group are omitted. For a single
 * node, both are w / A.
 */
export function connectionsOf(graph: Graph, members: readonly number[]): Connections {
  const inside = new Set(members);
  const outside = members.map((node) => outsideInput(graph, node, inside));
  const total = members.reduce((sum, node, i) => sum + ratio(outside[i], graph.inputTotal[node]), 0);
  const inputs = new Map<number, Connection>();
  const outputs = new Map<number, Connection>();
  for (const [i, node] of members.entries()) {
    const omega = ratio(ratio(outside[i], graph.inputTotal[node]), total);
    for (const link of linksInto(graph, node)) {
      const { [link]: source } = graph.source;
      if (inside.has(source)) continue;
      add(inputs, source, graph.weight[link], ratio(graph.weight[link], outside[i]) * omega);
    }
    for (const link of linksOutOf(graph, node)) {
      const { [link]: target } = graph.target;
      if (!inside.has(target)) add(outputs, target, graph.weight[link], graph.share[link]);
    }
  }
  return { inputs: byShare(inputs), outputs: byShare(outputs) };
}

function outsideInput(graph: Graph, node: number, inside: ReadonlySet<number>): number {
  let sum = 0;
  for (const link of linksInto(graph, node)) if (!inside.has(graph.source[link])) sum += Math.abs(graph.weight[link]);
  return sum;
}

function add(connections: Map<number, Connection>, node: number, weight: number, share: number): void {
  const before = connections.get(node);
  connections.set(node, { node, weight: weight + (before?.weight ?? 0), share: share + (before?.share ?? 0) });
}

function byShare(connections: Map<number, Connection>): Connection[] {
  return [...connections.values()].sort((a, b) => Math.abs(b.share) - Math.abs(a.share) || a.node - b.node);
}

const partKinds = ['feature', 'error', 'token', 'other'] as const;

/** The shares of all inputs of the members, averaged over the members with input. Empty if none has input. */
export function inputParts(graph: Graph, members: readonly number[]): InputPart[] {
  const sums = new Map<string, { positive: number; negative: number }>();
  const reached = members.filter((node) => graph.inputTotal[node] > 0);
  for (const node of reached) {
    for (const link of linksInto(graph, node)) {
      const key = partKey(graph, graph.source[link], node);
      const sum = sums.get(key) ?? { positive: 0, negative: 0 };
      sums.set(key, sum);
      sum[graph.share[link] < 0 ? 'negative' : 'positive'] += Math.abs(graph.share[link]) / reached.length;
    }
  }
  return partKinds.flatMap((kind) =>
    (['same', 'earlier'] as const).flatMap((when) => {
      const sum = sums.get(`${kind} ${when}`);
      return sum ? [{ kind, when, ...sum }] : [];
    }),
  );
}

function partKey(graph: Graph, source: number, target: number): string {
  const kind = graph.kinds[source];
  const part = isFeatureKind(kind) ? 'feature' : kind === 'error' || kind === 'token' ? kind : 'other';
  return `${part} ${graph.position[source] === graph.position[target] ? 'same' : 'earlier'}`;
}

/** The share of the members' input that comes from hidden nodes, averaged as in {@link inputParts}. */
export function hiddenInput(graph: Graph, members: readonly number[], shown: Uint8Array): number {
  const reached = members.filter((node) => graph.inputTotal[node] > 0);
  let sum = 0;
  for (const node of reached) {
    for (const link of linksInto(graph, node)) if (!shown[graph.source[link]]) sum += Math.abs(graph.share[link]);
  }
  return ratio(sum, reached.length);
}
