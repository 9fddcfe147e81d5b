import type { FeatureExamples } from '../graph-file/feature-examples';
import { rounded } from './examples';
import { byStrength } from './select-examples';
import type { FeatureTally } from './tally';

/** The quantiles of the activations of active tokens. */
const quantileShares = [0, 0.25, 0.5, 0.75, 1];

/**
 * The statistics of a tally. Count, minimum and maximum are exact. Quantiles and histogram come from the stored
 * positions, scaled to the count, and are exact if all positions were kept.
 */
export function statisticsOf(
  tally: FeatureTally,
  tokens: number,
  bins: number,
): Pick<FeatureExamples, 'act_min' | 'act_max' | 'quantile_values' | 'histogram' | 'activation_frequency'> {
  const values = byStrength(tally.sample).map(({ value }) => value);
  values.reverse();
  const low = Math.min(0, tally.min);
  return {
    act_min: rounded(low),
    act_max: rounded(tally.max),
    quantile_values: quantileShares.map((share) => rounded(quantile(values, share, tally))),
    histogram: histogram(values, low, tally.max, bins, tally.count),
    activation_frequency: rounded(tally.count / tokens),
  };
}

/** A quantile of ascending values, by linear interpolation between the two nearest. */
function quantile(values: readonly number[], share: number, { min, max }: FeatureTally): number {
  if (share === 0) return min;
  if (share === 1) return max;
  const rank = share * (values.length - 1);
  const [below = 0, above = below] = [values[Math.floor(rank)], values[Math.ceil(rank)]];
  return below + (above - below) * (rank - Math.floor(rank));
}

/** The counts in equal steps from `low` to `high`. */
function histogram(values: readonly number[], low: number, high: number, bins: number, count: number): number[] {
  const bars = new Array<number>(bins).fill(0);
  for (const value of values) {
    const bar = Math.min(bins - 1, Math.floor(((value - low) / (high - low || 1)) * bins));
    bars[bar] = (bars[bar] ?? 0) + 1;
  }
  return bars.map((bar) => Math.round((bar * count) / values.length));
}
