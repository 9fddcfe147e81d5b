import { type LoadOptions, ReplacementModel, type TargetSpec } from '../../lib';
import { loadCase, type ParityCase } from './fixtures';

/** The device tests compute on; the expected numbers hold on any. */
export const testDevice = (process.env.CIRCUIT_TRACER_TEST_DEVICE ?? 'cpu') as NonNullable<LoadOptions['device']>;

export interface UsedCase {
  parity: ParityCase;
  model: ReplacementModel;
}

/** A case and its model, there from the first test of the enclosing block to the last. */
export function useCase(name: string, options: LoadOptions = {}): UsedCase {
  const used = {} as UsedCase;
  beforeAll(async () => {
    used.parity = await loadCase(name);
    used.model = await loadModel(used.parity, options);
  });
  afterAll(() => used.model?.dispose());
  return used;
}

export function loadModel(parity: ParityCase, options: LoadOptions = {}): Promise<ReplacementModel> {
  return ReplacementModel.load(parity.modelDir, parity.transcoderDir, { device: testDevice, ...options });
}

/** The request's own options of a full run. */
export function fullRunOptions({ request }: ParityCase) {
  const { max_n_logits, desired_logit_prob, batch_size } = request.settings.attribution;
  return { maxNLogits: max_n_logits, desiredLogitProb: desired_logit_prob, batchSize: batch_size };
}

/** The request's own options of a run that follows only the most influential features. */
export function partialRunOptions(parity: ParityCase) {
  const { max_feature_nodes, batch_size, update_interval } = parity.request.settings.partial;
  return {
    ...fullRunOptions(parity),
    maxFeatureNodes: max_feature_nodes,
    batchSize: batch_size,
    updateInterval: update_interval,
  };
}

/** A case's own directions, read as targets. */
export function customTargets(parity: ParityCase): TargetSpec[] {
  const width = parity.request.sizes.d_model;
  const vectors = parity.floats('targets.custom.vectors');
  return parity.request.targets.custom.request.map(({ token, prob }, i) => ({
    label: token,
    weight: prob,
    vector: vectors.slice(i * width, (i + 1) * width),
  }));
}
