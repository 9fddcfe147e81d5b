import { readRotarySettings, rotaryTable } from '../rotary';
import type { ModelSpec } from '../spec';
import type { Family } from './family';
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

/** Mistral 7B (`MistralForCausalLM`): as Llama, with one window on all layers. */
export const mistral: Family = {
  modelTypes: ['mistral'],

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
    const spec: ModelSpec = {
      ...llamaLikeSpec(config, sizes),
      family: 'mistral',
      rotary: everyLayer(sizes, rotary),
      slidingWindow: everyLayer(sizes, config.optionalInteger('sliding_window', 4096) ?? 0),
    };
    const layout = { checkpoint, spec, prefix: decoderPrefix(checkpoint) };
    const weights = {
      ...embeddingWeights(layout, config.boolean('tie_word_embeddings', false)),
      ...layerNormWeights(layout, llamaNorms),
      ...attentionWeights(layout, 'none'),
      ...gatedMlpWeights(layout),
    };
    return { spec, weights };
  },
};
