import type { ModelSpec, ModelWeights } from '../../engine/model-spec';
import { type ModelConfig, readActivation, readSlidingWindows } from '../config';
import { rotaryTable } from '../rotary';
import { readRotarySettings } from '../rotary-settings';
import { type ConfigKey, noEffect, read } from './config-keys';
import type { Family } from './family';
import { bidirectional, dropoutKeys, layerTypes, ropeKeys, sizeKeys, tieKey } from './llama-keys';
import {
  attentionWeights,
  decoderPrefix,
  embeddingWeights,
  everyLayer,
  gatedMlpWeights,
  type Layout,
  layerNormWeights,
  llamaLikeSpec,
  readSizes,
} from './llama-like';

/** The default sizes of the configuration classes of Gemma 2 and, except for vocabulary and positions, Gemma 3. */
export const gemmaSizes = {
  vocab_size: 256000,
  hidden_size: 2304,
  intermediate_size: 9216,
  num_hidden_layers: 26,
  num_attention_heads: 8,
  num_key_value_heads: 4,
  head_dim: 256,
  max_position_embeddings: 8192,
} as const;

/** The keys that Gemma 2 and 3 share. */
export const gemmaKeys: readonly ConfigKey[] = [
  ...sizeKeys,
  read('head_dim'),
  read('hidden_activation'),
  ...noEffect(['hidden_act'], 'Not read: `hidden_activation` sets the activation.'),
  read('query_pre_attn_scalar'),
  read('attention_bias', 'Biases of all four projections.'),
  read('sliding_window', 'Null turns it off.'),
  layerTypes,
  bidirectional,
  ...dropoutKeys,
];

/** The settings that Gemma 2 and 3 share. `sizes` comes from {@link readSizes}. */
export function gemmaSpec(config: ModelConfig, sizes: ReturnType<typeof readSizes>) {
  return {
    ...llamaLikeSpec(config, sizes, readActivation(config, 'hidden_activation', 'gelu_pytorch_tanh')),
    postNorms: true,
    attentionScale: everyLayer(sizes, config.number('query_pre_attn_scalar', 256) ** -0.5),
    embeddingScale: Math.sqrt(sizes.dModel),
  };
}

/** All weights of Gemma 2 or 3. Every norm stores gain - 1. */
export function gemmaWeights(layout: Layout, config: ModelConfig, tied: boolean, unembedding?: string): ModelWeights {
  const offset = { ...layout, gainOffset: 1 };
  return {
    ...embeddingWeights(offset, tied, unembedding),
    ...layerNormWeights(offset, {
      ln1: 'input_layernorm',
      ln1_post: 'post_attention_layernorm',
      ln2: 'pre_feedforward_layernorm',
      ln2_post: 'post_feedforward_layernorm',
    }),
    ...attentionWeights(offset, config.boolean('attention_bias', false) ? 'all' : 'none'),
    ...gatedMlpWeights(offset),
  };
}

/** Gemma 2 (`Gemma2ForCausalLM`). Even layers have an attention window. */
export const gemma2: Family = {
  title: 'Gemma 2',
  modelTypes: ['gemma2'],
  architectures: ['Gemma2ForCausalLM'],
  hub: { names: /^gemma-2-/i, organisation: 'google' },
  keys: [
    ...gemmaKeys,
    read('attn_logit_softcapping', 'Null turns it off.'),
    read('final_logit_softcapping', 'Null turns it off.'),
    ...ropeKeys,
    tieKey,
  ],

  plan(checkpoint, config) {
    const sizes = readSizes(config, gemmaSizes);
    const rotary = rotaryTable(readRotarySettings(config, { theta: 10000 }), sizes.dHead, sizes.maxPositions);
    const window = config.optionalInteger('sliding_window', 4096);
    const spec: ModelSpec = {
      ...gemmaSpec(config, sizes),
      family: 'gemma2',
      rotary: everyLayer(sizes, rotary),
      slidingWindow: readSlidingWindows(config, sizes.nLayers, window, (layer) => layer % 2 === 0),
      attentionSoftcap: config.optionalNumber('attn_logit_softcapping', 50) ?? 0,
      logitSoftcap: config.optionalNumber('final_logit_softcapping', 30) ?? 0,
    };
    const layout = { checkpoint, spec, prefix: decoderPrefix(checkpoint) };
    const tied = config.boolean('tie_word_embeddings', true);
    return { spec, weights: gemmaWeights(layout, config, tied), tied };
  },
};
