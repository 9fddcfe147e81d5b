import { isFeatureKind } from '../../../graph-file/schema';
import { type Graph, ratio } from '../graph/graph';

/**
 * `replacement`: the share of influence that starts at tokens and not at errors. `completeness`: the explained share of
 * inputs.
 */
export interface Scores {
  readonly replacement: number;
  readonly completeness: number;
}

/** The edges that scores need, with absolute shares of input. */
interface Flow {
  readonly n: number;
  readonly source: ArrayLike<number>;
  readonly target: ArrayLike<number>;
  readonly share: Float64Array;
}

type LinkedNodes = Pick<Graph, 'n' | 'source' | 'target' | 'share' | 'probability'>;

const maxSteps = 1000;
const tolerance = 1e-12;

/**
 * [n] the influence on the outputs: I = p A + p A^2 + ..., with A the absolute shares of input and p the probabilities
 * of outputs. In a graph without cycles, the sum ends after the length of its longest path.
 */
export function influenceOf(graph: LinkedNodes): Float64Array {
  return sumOverPaths(flowOf(graph), graph.probability);
}

function flowOf({ n, source, target, share }: LinkedNodes): Flow {
  return { n, source, target, share: share.map(Math.abs) };
}

function sumOverPaths({ n, source, target, share }: Flow, start: Float64Array): Float64Array {
  const total = new Float64Array(n);
  let current: Float64Array = start;
  for (let step = 0; step < maxSteps; step++) {
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
  return scores(graph, flowOf(graph), (node) => graph.kinds[node] === 'error');
}

function scores(graph: Graph, flow: Flow, isError: (node: number) => boolean): Scores {
  const influence = sumOverPaths(flow, graph.probability);
  const fromErrors = new Float64Array(graph.n);
  for (let link = 0; link < flow.share.length; link++) {
    if (isError(flow.source[link])) fromErrors[flow.target[link]] += flow.share[link];
  }
  let [tokens, errors, explained, all] = [0, 0, 0, 0];
  for (let node = 0; node < graph.n; node++) {
    if (graph.kinds[node] === 'token') tokens += influence[node];
    if (isError(node)) errors += influence[node];
    const weight = influence[node] + graph.probability[node];
    explained += (1 - fromErrors[node]) * weight;
    all += weight;
  }
  return { replacement: ratio(tokens, tokens + errors), completeness: ratio(explained, all) };
}

/**
 * The scores that remain if every feature that is not pinned counts as an error: its outputs are unexplained, and its
 * inputs are dropped. Pinning more features never lowers replacement.
 */
export function subgraphScores(graph: Graph, pinned: ReadonlySet<number>): Scores {
  const unpinned = graph.kinds.map((kind, node) => isFeatureKind(kind) && !pinned.has(node));
  const flow = flowOf(graph);
  for (let link = 0; link < flow.share.length; link++) if (unpinned[flow.target[link]]) flow.share[link] = 0;
  return scores(graph, flow, (node) => unpinned[node] || graph.kinds[node] === 'error');
}
