import type { ModelSpec } from '../engine/model-spec';
import type { TranscoderSpec } from '../engine/transcoder-spec';
import { CircuitTracerError } from '../errors';

/**
 * Check that transcoders can replace the MLPs of a model.
 *
 * @throws CircuitTracerError `ERR_MODEL_MISMATCH` when layers or widths differ, or the model lacks the hook point.
 */
export function checkFit(model: ModelSpec, transcoders: TranscoderSpec): void {
  const madeFor = transcoders.modelName ? `, made for ${transcoders.modelName},` : '';
  if (transcoders.nLayers !== model.nLayers) {
    throw new CircuitTracerError(
      'ERR_MODEL_MISMATCH',
      `The model (${model.family}) has ${model.nLayers} layers, but the transcoders${madeFor} have ${transcoders.nLayers}. Use transcoders trained on this model. If they were, the file of a layer is missing.`,
    );
  }
  if (transcoders.dModel !== model.dModel) {
    throw new CircuitTracerError(
      'ERR_MODEL_MISMATCH',
      `The model (${model.family}) has dModel ${model.dModel}, but the transcoders${madeFor} have ${transcoders.dModel}. Use transcoders trained on this model.`,
    );
  }
  if (transcoders.featureInputHook === 'hook_resid_mid' && model.parallelBlocks) {
    throw new CircuitTracerError(
      'ERR_MODEL_MISMATCH',
      `The transcoders read hook_resid_mid, which does not exist in ${model.family} because its attention and MLP run in parallel. Use transcoders that read mlp.hook_in or ln2.hook_normalized.`,
    );
  }
}
