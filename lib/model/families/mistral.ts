import type { ModelSpec } from '../../engine/model-spec';
import { readSlidingWindows } from '../config';
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

/**
 * Mistral (`MistralForCausalLM`): Llama with an attention window on all layers. With `layer_types`, transformers reads
 * the file as Ministral (`MinistralForCausalLM`), with a window on the listed layers.
 */
export const mistral: Family = {
  title: 'Mistral, Ministral',
  modelTypes: ['mistral', 'ministral'],
  architectures: ['MistralForCausalLM'],
  hub: { names: /^mistral-/i, organisation: 'mistralai' },
  keys: [
    ...sizeKeys,
    read('head_dim', 'Null means hidden_size / num_attention_heads.'),
    read('hidden_act'),
    read('sliding_window', 'Null turns it off.'),
    layerTypes,
    ...ropeKeys,
    tieKey,
    ...dropoutKeys,
  ],

  plan(checkpoint, config) {
    const sizes = readSizes(config, {
      vocab_size: 32000,
      hidden_size: 4096,
      intermediate_size: 14336,
      num_hidden_layers: 32,
      num_attention_heads: 32,
      num_key_value_heads: 8,
      head_dim: null,
      max_position_embeddings: 131072,
    });
    const rotary = rotaryTable(readRotarySettings(config, { theta: 10000 }), sizes.dHead, sizes.maxPositions);
    const window = config.optionalInteger('sliding_window', 4096);
    const spec: ModelSpec = {
      ...llamaLikeSpec(config, sizes),
      family: 'mistral',
      rotary: everyLayer(sizes, rotary),
      slidingWindow: readSlidingWindows(config, sizes.nLayers, window, () => true),
    };
    const layout = { checkpoint, spec, prefix: decoderPrefix(checkpoint) };
    const tied = config.boolean('tie_word_embeddings', false);
    const weights = {
      ...embeddingWeights(layout, tied),
      ...layerNormWeights(layout, llamaNorms),
      ...attentionWeights(layout, 'none'),
      ...gatedMlpWeights(layout),
    };
    return { spec, weights, tied };
  },
};
