import { reconstructionProblem } from '../model/reconstruction';
import type { ReplacementModel } from '../model/replacement-model';
import type { AttributionSetup } from '../model/results';
import type { FreeCheck } from './free-check';

/** With fewer features a correlation is mostly chance. */
export const fewFeatures = 10;

/** What a reader of a report should bear in mind, in sentences. */
export function remarksOn(
  { transcoderSpec, dtype }: Pick<ReplacementModel, 'transcoderSpec' | 'dtype'>,
  { layerFits }: AttributionSetup,
  free: FreeCheck,
): string[] {
  const features = `${free.samples} ${free.samples === 1 ? 'feature was' : 'features were'}`;
  return [
    free.samples < fewFeatures
      ? `Only ${features} ablated: the rank correlation and the share of equal signs are mostly chance below ${fewFeatures}. Take more samples.`
      : undefined,
    dtype === 'float32'
      ? undefined
      : `In ${dtype} the rounding of the model itself exceeds a tolerance of 1e-4: an error of that size is no fault of the graph.`,
    reconstructionProblem(layerFits, transcoderSpec),
  ].filter((remark) => remark !== undefined);
}
