import type { ModelSpec } from '../../engine/model-spec';
import { rotaryTable } from '../rotary';
import { readRotarySettings } from '../rotary-settings';
import { read } from './config-keys';
import type { Family } from './family';
import { dropoutKeys, layerTypes, ropeKeys, sizeKeys, tieKey } from './llama-keys';
import {
  attentionWeights,
  decoderPrefix,
  embeddingWeights,
  everyLayer,
  gatedMlpWeights,
  layerNormWeights,
  llamaLikeSpec,
  llamaNorms,
  readSizes,
} from './llama-like';
import { qwenSizes, readQwenWindows } from './qwen2';

/** Qwen 3, dense (`Qwen3ForCausalLM`): Llama with norms on query and key heads. */
export const qwen3: Family = {
  title: 'Qwen 3',
  modelTypes: ['qwen3'],
  architectures: ['Qwen3ForCausalLM'],
  hub: { names: /^qwen3/i, organisation: 'Qwen' },
  keys: [
    ...sizeKeys,
    read('head_dim'),
    read('hidden_act'),
    read('attention_bias', 'Biases of all four projections.'),
    read('use_sliding_window'),
    read('sliding_window', 'Used only with `use_sliding_window`.'),
    read('max_window_layers', 'The first layer with a window, unless `layer_types` is set.'),
    layerTypes,
    ...ropeKeys,
    tieKey,
    ...dropoutKeys,
  ],

  plan(checkpoint, config) {
    const sizes = readSizes(config, { ...qwenSizes, head_dim: 128 });
    const rotary = rotaryTable(readRotarySettings(config, { theta: 10000 }), sizes.dHead, sizes.maxPositions);
    const spec: ModelSpec = {
      ...llamaLikeSpec(config, sizes),
      family: 'qwen3',
      queryKeyNorm: true,
      rotary: everyLayer(sizes, rotary),
      slidingWindow: readQwenWindows(config, sizes.nLayers),
    };
    const layout = { checkpoint, spec, prefix: decoderPrefix(checkpoint) };
    const tied = config.boolean('tie_word_embeddings', false);
    const weights = {
      ...embeddingWeights(layout, tied),
      ...layerNormWeights(layout, llamaNorms),
      ...attentionWeights(layout, config.boolean('attention_bias', false) ? 'all' : 'none'),
      ...gatedMlpWeights(layout),
    };
    return { spec, weights, tied };
  },
};
