import type { ModelSpec } from '../../engine/model-spec';
import { rotaryTable } from '../rotary';
import { readRotarySettings } from '../rotary-settings';
import { noEffect, read } from './config-keys';
import type { Family } from './family';
import { dropoutKeys, ropeKeys, sizeKeys, tieKey } from './llama-keys';
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

/** Llama 2 and 3 (`LlamaForCausalLM`). */
export const llama: Family = {
  title: 'Llama',
  modelTypes: ['llama'],
  architectures: ['LlamaForCausalLM'],
  hub: { names: /^(?:meta-)?llama-3/i, organisation: 'meta-llama' },
  keys: [
    ...sizeKeys,
    read('head_dim', 'Null means hidden_size / num_attention_heads.'),
    read('hidden_act'),
    read('attention_bias', 'Biases of all four projections.'),
    read('mlp_bias'),
    ...ropeKeys,
    tieKey,
    ...dropoutKeys,
    ...noEffect(['pretraining_tp'], 'Splits the same sums.'),
  ],

  plan(checkpoint, config) {
    const sizes = readSizes(config, {
      vocab_size: 32000,
      hidden_size: 4096,
      intermediate_size: 11008,
      num_hidden_layers: 32,
      num_attention_heads: 32,
      num_key_value_heads: null,
      head_dim: null,
      max_position_embeddings: 2048,
    });
    const rotary = rotaryTable(readRotarySettings(config, { theta: 10000 }), sizes.dHead, sizes.maxPositions);
    const spec: ModelSpec = {
      ...llamaLikeSpec(config, sizes),
      family: 'llama',
      rotary: everyLayer(sizes, rotary),
      slidingWindow: everyLayer(sizes, 0),
    };
    const layout = { checkpoint, spec, prefix: decoderPrefix(checkpoint) };
    const tied = config.boolean('tie_word_embeddings', false);
    const weights = {
      ...embeddingWeights(layout, tied),
      ...layerNormWeights(layout, llamaNorms),
      ...attentionWeights(layout, config.boolean('attention_bias', false) ? 'all' : 'none'),
      ...gatedMlpWeights(layout, config.boolean('mlp_bias', false)),
    };
    return { spec, weights, tied };
  },
};
