import type { ModelSpec } from '../../engine/model-spec';
import { type ModelConfig, readSlidingWindows } from '../config';
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

/** The default sizes of the configuration classes of Qwen 2 and Qwen 3. */
export const qwenSizes = {
  vocab_size: 151936,
  hidden_size: 4096,
  intermediate_size: 22016,
  num_hidden_layers: 32,
  num_attention_heads: 32,
  num_key_value_heads: 32,
  max_position_embeddings: 32768,
} as const;

/** Layers from `max_window_layers` on have a window, if windows are used. */
export function readQwenWindows(config: ModelConfig, nLayers: number): number[] {
  const used = config.boolean('use_sliding_window', false);
  const window = used ? config.optionalInteger('sliding_window', 4096) : null;
  const first = window === null ? nLayers : config.count('max_window_layers', 28);
  return readSlidingWindows(config, nLayers, window, (layer) => layer >= first);
}

/** Qwen 2 and 2.5 (`Qwen2ForCausalLM`): Llama with biases on queries, keys and values. */
export const qwen2: Family = {
  title: 'Qwen 2',
  modelTypes: ['qwen2'],
  architectures: ['Qwen2ForCausalLM'],
  hub: { names: /^qwen2/i, organisation: 'Qwen' },
  keys: [
    ...sizeKeys,
    read('head_dim', 'If missing, hidden_size / num_attention_heads.'),
    read('hidden_act'),
    read('use_sliding_window'),
    read('sliding_window', 'Used only with `use_sliding_window`.'),
    read('max_window_layers', 'The first layer with a window, unless `layer_types` is set.'),
    layerTypes,
    ...ropeKeys,
    tieKey,
    ...dropoutKeys,
  ],

  plan(checkpoint, config) {
    const sizes = readSizes(config, { ...qwenSizes, head_dim: null });
    const rotary = rotaryTable(readRotarySettings(config, { theta: 10000 }), sizes.dHead, sizes.maxPositions);
    const spec: ModelSpec = {
      ...llamaLikeSpec(config, sizes),
      family: 'qwen2',
      rotary: everyLayer(sizes, rotary),
      slidingWindow: readQwenWindows(config, sizes.nLayers),
    };
    const layout = { checkpoint, spec, prefix: decoderPrefix(checkpoint) };
    const tied = config.boolean('tie_word_embeddings', false);
    const weights = {
      ...embeddingWeights(layout, tied),
      ...layerNormWeights(layout, llamaNorms),
      ...attentionWeights(layout, 'queryKeyValue'),
      ...gatedMlpWeights(layout),
    };
    return { spec, weights, tied };
  },
};
