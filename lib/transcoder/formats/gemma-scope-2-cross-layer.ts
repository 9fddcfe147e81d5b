import { sliced } from '../../io/tensor-source';
import type { TranscoderFormat } from './format';
import { readGemmaScope2Encoder } from './gemma-scope-2';

/**
 * Gemma Scope 2 across layers, one safetensors file per layer: w_enc [D, F], and w_dec [F, L, D] by output layer.
 * Entries below the layer itself are unused.
 */
export const gemmaScope2CrossLayer: TranscoderFormat = {
  name: 'Gemma Scope 2 cross-layer',
  kind: 'crossLayer',

  recognizes: (file) => file.has('w_enc') && file.shape('w_dec')?.length === 3,

  countLayers: (file) => file.shape('w_dec')?.[1] ?? 0,

  async readLayer(file, layer, nLayers) {
    const plan = await readGemmaScope2Encoder(file);
    const decoder = file.take('w_dec', [plan.nFeatures, nLayers, plan.dModel], 'nFeatures, nLayers, dModel');
    return { ...plan, decoder: sliced(decoder, 1, layer, nLayers) };
  },
};
