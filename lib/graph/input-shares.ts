import { CircuitTracerError } from '../errors';
import type { PrunedView } from './graph-view';

/**
 * The kept edges of a pruned graph with their shares: the |weight| of an edge divided by the sum of the |weights| of
 * all kept edges into its target.
 */
export interface InputShares {
  /** [M + 1] edges `start[t]` to `start[t + 1] - 1` lead into node t. */
  readonly start: Int32Array;
  /** [E] */
  readonly share: Float64Array;
}

export function inputShares({ edgeTargets, edgeSources, edgeWeights, graph }: PrunedView): InputShares {
  const start = new Int32Array(graph.nNodes + 1);
  const sum = new Float64Array(graph.nNodes);
  for (let edge = 0; edge < edgeTargets.length; edge++) {
    const target = edgeTargets[edge] as number;
    requireEarlier(edgeSources[edge] as number, target, graph.errorStart);
    start[target + 1] = (start[target + 1] as number) + 1;
    sum[target] = (sum[target] as number) + Math.abs(edgeWeights[edge] as number);
  }
  for (let node = 0; node < graph.nNodes; node++)
    start[node + 1] = (start[node + 1] as number) + (start[node] as number);
  const share = Float64Array.from(edgeWeights, (weight, edge) => {
    const total = sum[edgeTargets[edge] as number] as number;
    return total > 0 ? Math.abs(weight) / total : 0;
  });
  return { start, share };
}

/** Features are sorted by layer, so one sweep by index visits every source before its targets. */
function requireEarlier(source: number, target: number, errorStart: number): void {
  if (target >= errorStart || source >= errorStart || source < target) return;
  throw new CircuitTracerError(
    'ERR_NUMERIC',
    `Edges must lead from features of earlier layers to later ones; found an edge from node ${source} to node ${target}.`,
  );
}

/**
 * [M] the influence of each node within the pruned graph. For a logit, it is its weight. For any other node, it is the
 * sum over its outgoing edges of share * influence(target).
 */
export function keptInfluence({ edgeSources, graph }: PrunedView, { start, share }: InputShares): Float64Array {
  const influence = new Float64Array(graph.nNodes);
  const pass = (target: number) => {
    for (let edge = start[target] as number; edge < (start[target + 1] as number); edge++) {
      const source = edgeSources[edge] as number;
      influence[source] = (influence[source] as number) + (share[edge] as number) * (influence[target] as number);
    }
  };
  graph.logits.forEach((logit, rank) => {
    influence[graph.logitStart + rank] = logit.weight;
    pass(graph.logitStart + rank);
  });
  for (let feature = graph.nSelected - 1; feature >= 0; feature--) pass(feature);
  return influence;
}
