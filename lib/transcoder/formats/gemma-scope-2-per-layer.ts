import { asSpanOne, type TranscoderFormat } from './format';
import { readGemmaScope2Encoder } from './gemma-scope-2';

/** Gemma Scope 2, one safetensors file per layer: w_enc [D, F], w_dec [F, D], and the tensors that both kinds share. */
export const gemmaScope2PerLayer: TranscoderFormat = {
  name: 'Gemma Scope 2 per-layer',
  kind: 'perLayer',

  recognizes: (file) => file.has('w_enc') && file.shape('w_dec')?.length !== 3,

  async readLayer(file) {
    const layer = await readGemmaScope2Encoder(file);
    const { nFeatures, dModel } = layer;
    const decoder = file.take('w_dec', [nFeatures, dModel], 'nFeatures, dModel');
    return { ...layer, decoder: asSpanOne(decoder, nFeatures, dModel) };
  },
};
