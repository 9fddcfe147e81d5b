import type { ComputeDtype } from '../engine/load-options';
import type { ModelWithTranscoders } from '../replacement-model/model-with-transcoders';
import { reconstructionProblem } from '../replacement-model/reconstruction';
import type { AttributionSetup } from '../replacement-model/results';
import type { FreeCheck } from './free-check';

/** With fewer features, a correlation is mostly chance. */
export const fewFeatures = 10;

/**
 * The relative rounding error of each dtype: half the distance of neighbouring numbers, with 7 and 10 bits after the
 * leading one.
 */
const roundingErrors: Readonly<Record<ComputeDtype, number>> = {
  float32: 2 ** -24,
  bfloat16: 2 ** -8,
  float16: 2 ** -11,
};

/** Remarks for the reader of a report, as sentences. */
export function remarksOn(
  { transcoderSpec, dtype }: Pick<ModelWithTranscoders, 'transcoderSpec' | 'dtype'>,
  { layerFits }: AttributionSetup,
  { samples }: FreeCheck,
  tolerance: number,
): string[] {
  return [
    fewSamples(samples),
    coarseNumbers(dtype, tolerance),
    reconstructionProblem(layerFits, transcoderSpec),
  ].filter((remark) => remark !== undefined);
}

function fewSamples(samples: number): string | undefined {
  if (samples >= fewFeatures) return undefined;
  const features = samples === 1 ? '1 feature was' : `${samples} features were`;
  return (
    `Only ${features} ablated. Below ${fewFeatures} the rank correlation and the share of equal signs are mostly chance: ` +
    'increase samples.'
  );
}

function coarseNumbers(dtype: ComputeDtype, tolerance: number): string | undefined {
  if (roundingErrors[dtype] <= tolerance) return undefined;
  return `In ${dtype} each number is rounded by up to ${roundingErrors[dtype].toPrecision(1)} of itself, more than the tolerance of ${tolerance}: errors of this size are not errors of the graph.`;
}
