import { extname } from 'node:path';
import { transposed } from '../../io/tensor-source';
import { asSpanOne, layerSizes, type TranscoderFormat } from './format';

/** Gemma Scope: one npz per layer, W_enc [D, F], W_dec [F, D], b_enc [F], b_dec [D], threshold [F]. */
export const gemmaScopeNpz: TranscoderFormat = {
  name: 'Gemma Scope npz',
  kind: 'perLayer',

  recognizes: (file) => extname(file.path) === '.npz',

  async readLayer(file) {
    const { nFeatures, dModel } = layerSizes(
      file.shape('W_enc')?.toReversed(),
      file.shape('b_enc'),
      file.shape('W_dec'),
      file.shape('b_dec'),
    );
    return {
      path: file.path,
      nFeatures,
      dModel,
      optionalNames: { threshold: 'threshold', skip: 'W_skip' },
      encoder: transposed(file.take('W_enc', [dModel, nFeatures], 'dModel, nFeatures')),
      encoderBias: file.take('b_enc', [nFeatures], 'nFeatures'),
      threshold: await file.takeBroadcast('threshold', nFeatures, 'nFeatures'),
      decoder: asSpanOne(file.take('W_dec', [nFeatures, dModel], 'nFeatures, dModel'), nFeatures, dModel),
      decoderBias: file.take('b_dec', [dModel], 'dModel'),
    };
  },
};
