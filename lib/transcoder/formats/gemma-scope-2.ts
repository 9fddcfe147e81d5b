import { transposed } from '../../io/tensor-source';
import { type LayerPlan, layerSizes } from './format';
import type { WeightFile } from './weight-file';

/**
 * All tensors but the decoder, which are the same in both kinds of Gemma Scope 2: w_enc [D, F], b_enc [F], b_dec [D],
 * threshold [F], optionally affine_skip_connection [D, D] used as x @ affine and therefore stored as [in, out].
 */
export async function readGemmaScope2Encoder(file: WeightFile): Promise<Omit<LayerPlan, 'decoder'>> {
  const { nFeatures, dModel } = layerSizes(
    file.shape('w_enc')?.toReversed(),
    file.shape('b_enc'),
    file.shape('w_dec'),
    file.shape('b_dec'),
  );
  const affine = 'affine_skip_connection';
  return {
    path: file.path,
    nFeatures,
    dModel,
    optionalNames: { threshold: 'threshold', skip: affine },
    encoder: transposed(file.take('w_enc', [dModel, nFeatures], 'dModel, nFeatures')),
    encoderBias: file.take('b_enc', [nFeatures], 'nFeatures'),
    threshold: await file.takeBroadcast('threshold', nFeatures, 'nFeatures'),
    decoderBias: file.take('b_dec', [dModel], 'dModel'),
    ...(file.has(affine) && { skip: transposed(file.take(affine, [dModel, dModel], 'dModel, dModel')) }),
  };
}
