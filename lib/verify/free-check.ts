import type { FeatureNode } from '../graph/nodes';
import { Comparisons, type ErrorStatistics } from './comparison';
import type { CheckRun } from './measure';
import { measure } from './measure';
import { spearman } from './statistics';

/** How the graph's predictions compare with the model itself, nothing frozen. */
export interface FreeCheck extends ErrorStatistics {
  /** Features ablated. */
  readonly samples: number;
  /** Rank correlation of predicted and measured effects; null where it isn't defined. */
  readonly spearman: number | null;
  /** Share of comparisons whose predicted and measured effects have the same sign; 1 of none. */
  readonly sameSign: number;
}

/**
 * Set each sampled feature to 0 in the model itself, attention and norms free and every MLP its own, and compare what
 * happens to the outputs with minus the feature's total effect in the graph.
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
