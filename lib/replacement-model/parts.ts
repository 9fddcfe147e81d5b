import type { ComputeDtype, ResolvedLoadOptions } from '../engine/load-options';
import type { ModelSpec, ModelWeights } from '../engine/model-spec';
import { NativeModel } from '../engine/native-model';
import type { TranscoderPlan } from '../engine/transcoder-spec';
import { type Fingerprints, fingerprintsOf } from '../fingerprint/fingerprint';
import type { ModelOutline } from './open-pair';

/** The parts of a loaded model. */
export interface ModelParts extends Omit<ModelOutline, 'tokenizer'> {
  readonly native: NativeModel;
  readonly dtype: ComputeDtype;
  readonly fingerprints: Fingerprints;
}

/**
 * Read the weights and move them to the device.
 *
 * @throws CircuitTracerError the errors of `NativeModel.load`.
 */
export async function loadParts(
  { name, labels, featuresDirectory }: Pick<ModelParts, 'name' | 'labels' | 'featuresDirectory'>,
  spec: ModelSpec,
  weights: ModelWeights,
  plan: TranscoderPlan,
  options: ResolvedLoadOptions,
): Promise<ModelParts> {
  // Fingerprints read little, and on other threads, so both run in parallel.
  const fingerprints = fingerprintsOf(spec, weights, plan);
  const native = await NativeModel.load(spec, weights, plan, options);
  const { dtype } = options;
  const known = { name, labels, featuresDirectory, fingerprints: await fingerprints };
  return { native, spec, transcoderSpec: plan.spec, dtype, ...known };
}
