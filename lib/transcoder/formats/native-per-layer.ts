import { asSpanOne, layerSizes, type TranscoderFormat } from './format';

const threshold = 'activation_function.threshold';

/**
 * One safetensors file per layer: W_enc [F, D], W_dec [F, D], b_enc [F], b_dec [D], optionally W_skip [D, D] stored
 * [out, in], `activation_function.threshold`, [F] or
 * one number, for JumpReLU, and `k`, a whole number, for TopK.
 */
export const nativePerLayer: TranscoderFormat = {
  name: 'native per-layer',
  kind: 'perLayer',

  recognizes: (file) => file.has('W_enc') || file.has('W_dec'),

  async readLayer(file) {
    const { nFeatures, dModel } = layerSizes(
      file.shape('W_enc'),
      file.shape('b_enc'),
      file.shape('W_dec'),
      file.shape('b_dec'),
    );
    const k = ['k', 'activation_function.k'].find((name) => file.has(name));
    return {
      path: file.path,
      nFeatures,
      dModel,
      optionalNames: { threshold, skip: 'W_skip' },
      encoder: file.take('W_enc', [nFeatures, dModel], 'nFeatures, dModel'),
      encoderBias: file.take('b_enc', [nFeatures], 'nFeatures'),
      decoder: asSpanOne(file.take('W_dec', [nFeatures, dModel], 'nFeatures, dModel'), nFeatures, dModel),
      decoderBias: file.take('b_dec', [dModel], 'dModel'),
      ...(file.has(threshold) && { threshold: await file.takeBroadcast(threshold, nFeatures, 'nFeatures') }),
      ...(k && { savedK: await file.takeCount(k) }),
      ...(file.has('W_skip') && { skip: file.take('W_skip', [dModel, dModel], 'dModel, dModel') }),
    };
  },
};
