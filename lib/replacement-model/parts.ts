import type { ComputeDtype, ResolvedLoadOptions } from '../engine/load-options';
import type { ModelSpec, ModelWeights } from '../engine/model-spec';
import { NativeModel } from '../engine/native-model';
import type { TranscoderPlan } from '../engine/transcoder-spec';
import { type Fingerprints, fingerprintsOf } from '../fingerprint/fingerprint';
import type { ModelOutline } from './open-pair';

/** What a model is made of. */
export interface ModelParts extends Omit<ModelOutline, 'tokenizer'> {
  readonly native: NativeModel;
  readonly dtype: ComputeDtype;
  readonly fingerprints: Fingerprints;
}

/**
 * Read the weights onto the device.
 *
 * @throws CircuitTracerError what `NativeModel.load` throws.
 */
export async function loadParts(
  { name, labels, featuresDirectory }: Pick<ModelParts, 'name' | 'labels' | 'featuresDirectory'>,
  spec: ModelSpec,
  weights: ModelWeights,
  plan: TranscoderPlan,
  options: ResolvedLoadOptions,
): Promise<ModelParts> {
  // Neither waits for the other: fingerprints read little, on other threads.
  const fingerprints = fingerprintsOf(spec, weights, plan);
  const native = await NativeModel.load(spec, weights, plan, options);
  const { dtype } = options;
  const known = { name, labels, featuresDirectory, fingerprints: await fingerprints };
  return { native, spec, transcoderSpec: plan.spec, dtype, ...known };
}
