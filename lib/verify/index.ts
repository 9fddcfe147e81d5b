import type { Graph } from '../graph/graph';
import { lazy } from '../lazy';
import type { ModelWithTranscoders } from '../replacement-model/model-with-transcoders';
import type { VerifyOptions, VerifyReport } from './verify';

const verify = lazy(() => require('./verify') as typeof import('./verify'));

/**
 * Measure how far a graph predicts the model it was made with, by intervening on a sample of its nodes. Takes about three
 * passes of the prompt for each sample, and as much memory as the activations of one.
 *
 * @throws CircuitTracerError `ERR_MODEL_MISMATCH` when the graph was made with another model or other transcoders,
 * `ERR_INVALID_ARGUMENT` for a bad option, `ERR_DISPOSED`, `ABORT_ERR`.
 *
 * @example
 * const { frozen, free } = await verifyGraph(graph, model, { samples: 32 });
 * console.log(frozen.passed, free.spearman);
 */
export async function verifyGraph(
  graph: Graph,
  model: ModelWithTranscoders,
  options: VerifyOptions = {},
): Promise<VerifyReport> {
  return verify().verifyGraph(graph, model, options);
}

export type { VerifyOptions, VerifyReport } from './verify';
