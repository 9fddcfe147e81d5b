import { isFeatureKind } from '../../../graph-file/schema';
import { visibleToken } from '../graph/format';
import type { Graph } from '../graph/graph';
import { outputToken, titleOf } from '../graph/names';

/** `position`: the same position in the prompt. `any`: any position; the most influential node represents all. */
export type Alignment = 'position' | 'any';

/** The name of a node in both graphs, and its index in each. -1 if it is not in a graph. */
export interface Match {
  readonly title: string;
  readonly left: number;
  readonly right: number;
}

export interface Comparison {
  readonly matches: readonly Match[];
  /** [n] for each graph: 1 for nodes that are in both. */
  readonly inBothLeft: Uint8Array;
  readonly inBothRight: Uint8Array;
  /** [n] for each graph: the match that represents a node. */
  readonly matchOf: { readonly left: Int32Array; readonly right: Int32Array };
}

/**
 * Match the nodes of two graphs: features and errors by layer and index, tokens and outputs by their text. With
 * `position`, nodes at different positions do not match.
 */
export function compareGraphs(left: Graph, right: Graph, alignment: Alignment): Comparison {
  const lefts = nodesByKey(left, alignment);
  const rights = nodesByKey(right, alignment);
  const keys = [...new Set([...lefts.keys(), ...rights.keys()])];
  const found = keys.map((key) => ({ lefts: lefts.get(key) ?? [], rights: rights.get(key) ?? [] }));
  const matches = found.map((pair) => ({ ...pair, ...matchOf(left, right, pair.lefts, pair.rights) }));
  matches.sort((a, b) => rank(left, right, a) - rank(left, right, b));
  const inBothLeft = new Uint8Array(left.n);
  const inBothRight = new Uint8Array(right.n);
  const places = { left: new Int32Array(left.n), right: new Int32Array(right.n) };
  for (const [place, match] of matches.entries()) {
    for (const node of match.lefts) {
      places.left[node] = place;
      inBothLeft[node] = Number(match.right >= 0);
    }
    for (const node of match.rights) {
      places.right[node] = place;
      inBothRight[node] = Number(match.left >= 0);
    }
  }
  return { matches, inBothLeft, inBothRight, matchOf: places };
}

function matchOf(left: Graph, right: Graph, lefts: readonly number[], rights: readonly number[]): Match {
  const [ofLeft = -1] = lefts;
  const [ofRight = -1] = rights;
  return { title: ofLeft >= 0 ? titleOf(left, ofLeft) : titleOf(right, ofRight), left: ofLeft, right: ofRight };
}

/** Most influential first. */
function nodesByKey(graph: Graph, alignment: Alignment): Map<string, number[]> {
  const byKey = new Map<string, number[]>();
  for (let node = 0; node < graph.n; node++) {
    const key = keyOf(graph, node, alignment);
    const nodes = byKey.get(key) ?? [];
    byKey.set(key, nodes);
    nodes.push(node);
  }
  for (const nodes of byKey.values()) nodes.sort((a, b) => importance(graph, a) - importance(graph, b));
  return byKey;
}

function keyOf(graph: Graph, node: number, alignment: Alignment): string {
  const kind = graph.kinds[node];
  const where = alignment === 'position' && kind !== 'logit' ? `@${graph.position[node]}` : '';
  if (kind === 'logit') return `logit ${outputToken(graph, node) || graph.feature[node]}`;
  if (kind === 'token') return `token ${visibleToken(graph.tokens[graph.position[node]])}${where}`;
  if (isFeatureKind(kind)) return `${kind} ${graph.layer[node]} ${graph.feature[node]}${where}`;
  return `${kind} ${graph.layer[node]}${where}`;
}

/** Sort key, small is important: outputs by probability, followed by all others by influence. */
function importance(graph: Graph, node: number): number {
  if (node < 0) return 1;
  return graph.kinds[node] === 'logit' ? -outputsFirst - graph.probability[node] : -graph.ownInfluence[node];
}

/** Larger than any influence. */
const outputsFirst = 1e9;

function rank(left: Graph, right: Graph, match: Match): number {
  return Math.min(importance(left, match.left), importance(right, match.right));
}
