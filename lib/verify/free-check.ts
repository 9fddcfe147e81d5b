import type { FeatureNode } from '../graph/nodes';
import { Comparisons, type ErrorStatistics } from './comparison';
import type { CheckRun } from './measure';
import { measure } from './measure';
import { spearman } from './statistics';

/** The comparison of the graph's predictions with the model itself, without anything frozen. */
export interface FreeCheck extends ErrorStatistics {
  /** The number of ablated features. */
  readonly samples: number;
  /** The rank correlation of predicted and measured effects; null when it is undefined. */
  readonly spearman: number | null;
  /** The share of comparisons whose predicted and measured effects have the same sign; 1 when there are none. */
  readonly sameSign: number;
}

/**
 * Set each sampled feature to 0 in the model itself, with nothing frozen and the original MLPs, and compare the change
 * of the outputs with minus the feature's total effect in the graph.
 */
export async function freeCheck(
  run: CheckRun,
  features: readonly FeatureNode[],
  tolerance: number,
): Promise<FreeCheck> {
  const { graph } = run;
  const { data: effects } = await graph.totalEffects(run.signal && { signal: run.signal });
  const clean = await measure(run, [], 'free');
  const comparisons = new Comparisons(features.length * graph.nLogits, (index) => graph.label(graph.node(index)));
  const [predictions, measurements]: [number[], number[]] = [[], []];
  for (const { index, layer, position, feature } of features) {
    const edited = await measure(run, [{ layer, position, feature, value: 0 }], 'free');
    for (const [rank, value] of edited.outputs.entries()) {
      if (value === undefined) continue;
      const predicted = -(effects[rank * graph.nSelected + index] as number);
      const measured = value - (clean.outputs[rank] as number);
      comparisons.add(index, graph.logitStart + rank, predicted, measured);
      predictions.push(predicted);
      measurements.push(measured);
    }
    run.step();
  }
  const largest = predictions.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
  const agreeing = predictions.filter((value, i) => Math.sign(value) === Math.sign(measurements[i] as number)).length;
  return {
    samples: features.length,
    spearman: spearman(predictions, measurements),
    sameSign: predictions.length === 0 ? 1 : agreeing / predictions.length,
    ...comparisons.statistics(tolerance * largest),
  };
}
