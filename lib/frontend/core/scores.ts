import { type Graph, ratio } from './graph';
import { isFeatureKind } from './node-kind';

/** `replacement`: share of influence that starts at tokens and not at errors. `completeness`: explained input share. */
export interface Scores {
  readonly replacement: number;
  readonly completeness: number;
}

/** The links that scores need, with absolute shares of input. */
interface Flow {
  readonly n: number;
  readonly source: ArrayLike<number>;
  readonly target: ArrayLike<number>;
  readonly share: Float64Array;
}

const mostSteps = 1000;
const tolerance = 1e-12;

/**
 * [n] influence on the outputs: I = p A + p A^2 + ... with A the absolute shares of input and p the outputs' probabilities.
 * In a graph without cycles the sum ends after as many steps as its longest path has links.
 */
export function influenceOf(graph: Graph): Float64Array {
  return sumOverPaths(flowOf(graph), graph.probability);
}

function flowOf({ n, source, target, share }: Graph): Flow {
  return { n, source, target, share: share.map(Math.abs) };
}

function sumOverPaths({ n, source, target, share }: Flow, start: Float64Array): Float64Array {
  const total = new Float64Array(n);
  let current: Float64Array = start;
  for (let step = 0; step < mostSteps; step++) {
    const next = new Float64Array(n);
    for (let link = 0; link < share.length; link++) next[source[link]] += share[link] * current[target[link]];
    let size = 0;
    for (let node = 0; node < n; node++) {
      total[node] += next[node];
      size += next[node];
    }
    if (!(size > tolerance)) break;
    current = next;
  }
  return total;
}

/**
 * With T and E the influence of all tokens and all errors, and e(i) the share of node i's input that comes from errors:
 * replacement = T / (T + E), completeness = sum of (1 - e(i)) (I(i) + p(i)) / sum of (I(i) + p(i)).
 */
export function scoresOf(graph: Graph): Scores {
  return scores(graph, flowOf(graph));
}

function scores(graph: Graph, flow: Flow): Scores {
  const influence = sumOverPaths(flow, graph.probability);
  const fromErrors = new Float64Array(graph.n);
  for (let link = 0; link < flow.share.length; link++) {
    if (graph.kinds[flow.source[link]] === 'error') fromErrors[flow.target[link]] += flow.share[link];
  }
  let [tokens, errors, explained, all] = [0, 0, 0, 0];
  for (let node = 0; node < graph.n; node++) {
    if (graph.kinds[node] === 'token') tokens += influence[node];
    if (graph.kinds[node] === 'error') errors += influence[node];
    const weight = influence[node] + graph.probability[node];
    explained += (1 - fromErrors[node]) * weight;
    all += weight;
  }
  return { replacement: ratio(tokens, tokens + errors), completeness: ratio(explained, all) };
}

/**
 * The scores that remain when every feature not pinned counts as unexplained: what it sends out is added to the error of
 * its layer and position (dropped where the graph has none), and what leads into it is dropped.
 */
export function subgraphScores(graph: Graph, pinned: ReadonlySet<number>): Scores {
  return scores(graph, normalised(graph.n, folded(graph, pinned)));
}

/** Weights by target and source after unpinned features are folded into errors. */
function folded(graph: Graph, pinned: ReadonlySet<number>): Map<number, Map<number, number>> {
  const errors = errorNodes(graph);
  const dropped = (node: number) => isFeatureKind(graph.kinds[node]) && !pinned.has(node);
  const weights = new Map<number, Map<number, number>>();
  for (let link = 0; link < graph.m; link++) {
    const target = graph.target[link];
    if (dropped(target)) continue;
    const from = graph.source[link];
    const source = dropped(from) ? errors.get(placeOf(graph, from)) : from;
    if (source === undefined) continue;
    const row = weights.get(target) ?? new Map<number, number>();
    weights.set(target, row);
    row.set(source, (row.get(source) ?? 0) + graph.weight[link]);
  }
  return weights;
}

function errorNodes(graph: Graph): Map<number, number> {
  const errors = new Map<number, number>();
  for (let node = 0; node < graph.n; node++) {
    if (graph.kinds[node] === 'error') errors.set(placeOf(graph, node), node);
  }
  return errors;
}

function placeOf(graph: Graph, node: number): number {
  return graph.layer[node] * graph.tokens.length + graph.position[node];
}

function normalised(n: number, weights: Map<number, Map<number, number>>): Flow {
  const source: number[] = [];
  const target: number[] = [];
  const share: number[] = [];
  for (const [to, row] of weights) {
    const total = [...row.values()].reduce((sum, weight) => sum + Math.abs(weight), 0);
    for (const [from, weight] of row) {
      source.push(from);
      target.push(to);
      share.push(ratio(Math.abs(weight), total));
    }
  }
  return { n, source, target, share: Float64Array.from(share) };
}
