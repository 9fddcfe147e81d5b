import { setImmediate as turn } from 'node:timers/promises';
import type { Graph } from '../graph/graph';
import { checkNotAborted } from '../validate';

/** Multiply-adds between two turns of the event loop: a few milliseconds. */
const stepsPerTurn = 4e6;

/**
 * What the graph predicts each feature to do to each output over all paths, [K, S] row-major: the change of output t
 * when feature s is added once more; its negative, when s is removed.
 *
 * An edge A[t, k] is the effect of feature k with all of its activation a_k. A pre-activation that changes by d is taken
 * to change the activation by d as well, so it passes on d / a_k of k's edges:
 *
 *   u[t, s] = A[t, s] + sum over features k of (u[t, k] / a_k) * A[k, s]
 *
 * Features are sorted by layer and write to later layers only, so one sweep from the last feature to the first solves it.
 */
export async function totalEffects(graph: Graph, signal?: AbortSignal): Promise<Float64Array> {
  const { nSelected, nLogits, nNodes, edges } = graph;
  const effects = new Float64Array(nLogits * nSelected);
  let steps = 0;
  for (let target = 0; target < nLogits; target++) {
    const row = effects.subarray(target * nSelected, (target + 1) * nSelected);
    const start = (nSelected + target) * nNodes;
    row.set(edges.subarray(start, start + nSelected));
    for (let k = nSelected - 1; k > 0; k--) {
      addThrough(row, k, edges.subarray(k * nNodes, k * nNodes + k), activationOf(graph, k));
      steps += k;
      if (steps < stepsPerTurn) continue;
      steps = 0;
      await turn();
      checkNotAborted(signal);
    }
  }
  return effects;
}

/** Adds what sources do to the output through feature k. */
function addThrough(row: Float64Array, k: number, inputs: Float32Array, activation: number): void {
  const share = (row[k] as number) / activation;
  if (share === 0 || !Number.isFinite(share)) return;
  for (let s = 0; s < inputs.length; s++) row[s] = (row[s] as number) + share * (inputs[s] as number);
}

function activationOf({ selectedFeatures, activationValues }: Graph, k: number): number {
  return activationValues[selectedFeatures[k] as number] as number;
}
