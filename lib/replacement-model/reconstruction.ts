import type { NativeReconstructionSums } from '../engine/binding';
import type { TranscoderSpec } from '../engine/transcoder-spec';
import { log } from '../log';

/** How well the transcoders of one layer reconstruct its output on one prompt. */
export interface LayerFit {
  readonly layer: number;
  /** 1 - mean squared error / variance, over the positions with features. Negative if worse than the mean output. */
  readonly explainedVariance: number;
  /** The correlation between the deviations of output and reconstruction from their means, -1 to 1. */
  readonly correlation: number;
}

/** With fewer positions, the mean is not meaningful. */
const minPositions = 3;

/**
 * The fit of each layer. Empty for a prompt with fewer than 3 positions with features.
 *
 * @param sums [nLayers, 4], see `NativeReconstructionSums`
 * @param positions the number of positions with features
 */
export function layerFits({ data, shape }: NativeReconstructionSums, positions: number): LayerFit[] {
  if (positions < minPositions) return [];
  return Array.from({ length: shape[0] ?? 0 }, (_, layer) => {
    const [spread = 0, error = 0, together = 0, size = 0] = data.subarray(4 * layer, 4 * layer + 4);
    // The mean is computed from the same positions, which reduces its errors by one degree of freedom.
    const variance = (spread * positions) / (positions - 1);
    const correlation = together / Math.sqrt(spread * size) || 0;
    return { layer, explainedVariance: 1 - error / variance, correlation };
  }).filter(({ explainedVariance }) => Number.isFinite(explainedVariance));
}

/** From this correlation on, the reconstruction has the right direction but the wrong size. */
const follows = 0.5;

/**
 * A warning about layers that are reconstructed worse than by the mean, with the likely cause. Undefined when there are
 * none.
 */
export function reconstructionProblem(
  fits: readonly LayerFit[],
  { featureInputHook, featureOutputHook, modelName }: TranscoderSpec,
): string | undefined {
  const bad = fits.filter(({ explainedVariance }) => explainedVariance < 0);
  const [first] = bad;
  if (!first) return undefined;
  const worst = bad.reduce((a, b) => (b.explainedVariance < a.explainedVariance ? b : a), first);
  const scaled = bad.every(({ correlation }) => correlation >= follows);
  const madeFor = modelName === '' ? '' : ` (config.yaml says that they were made for ${modelName})`;
  const cause = scaled
    ? 'inputs or outputs are scaled, normalised or shifted differently than when the transcoders were trained'
    : `the transcoders were trained on another model${madeFor}, or on other hook points than ${featureInputHook} and ` +
      `${featureOutputHook}`;
  return (
    `The reconstruction is worse than the mean of the outputs in ${inWords(bad)} (explained variance ` +
    `${short(worst.explainedVariance)}, correlation ${short(worst.correlation)} in layer ${worst.layer}). Likely ` +
    `cause: ${cause}.`
  );
}

/** Log a warning about poorly reconstructed layers. The arguments are those of {@link layerFits}. */
export function warnOfFit(sums: NativeReconstructionSums, positions: number, transcoders: TranscoderSpec): void {
  const problem = reconstructionProblem(layerFits(sums, positions), transcoders);
  if (problem !== undefined) log().warn(problem);
}

/** `layer 3` or `layers 0, 2, 5`. Of many layers, only the first are listed. */
function inWords(fits: readonly LayerFit[]): string {
  const shown = fits.slice(0, 8).map(({ layer }) => layer);
  const rest = fits.length > shown.length ? ` and ${fits.length - shown.length} more` : '';
  return `${fits.length === 1 ? 'layer' : 'layers'} ${shown.join(', ')}${rest}`;
}

function short(value: number): string {
  return String(Number(value.toPrecision(3)));
}
