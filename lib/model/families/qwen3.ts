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
import { qwenSizes, readQwenWindows } from './qwen2';

/** Qwen 3, dense (`Qwen3ForCausalLM`): as Llama, with norms on query and key heads. */
export const qwen3: Family = {
  modelTypes: ['qwen3'],

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
    const weights = {
      ...embeddingWeights(layout, config.boolean('tie_word_embeddings', false)),
      ...layerNormWeights(layout, llamaNorms),
      ...attentionWeights(layout, config.boolean('attention_bias', false) ? 'all' : 'none'),
      ...gatedMlpWeights(layout),
    };
    return { spec, weights };
  },
};
