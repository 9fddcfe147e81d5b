import { type ModelConfig, readSlidingWindows } from '../config';
import { type RotarySettings, readRotarySettings, rotaryTable } from '../rotary';
import type { ModelSpec } from '../spec';
import type { Family } from './family';
import { gemmaSizes, gemmaSpec, gemmaWeights } from './gemma2';
import { findPrefix, readSizes } from './llama-like';

/** Gemma 3, text (`Gemma3ForCausalLM`) or the text half of `Gemma3ForConditionalGeneration`. */
export const gemma3: Family = {
  modelTypes: ['gemma3_text', 'gemma3'],

  plan(checkpoint, config) {
    const text = textConfig(config);
    const sizes = readSizes(text, { ...gemmaSizes, vocab_size: 262208, max_position_embeddings: 131072 });
    if ((text.value('attn_logit_softcapping') ?? null) !== null)
      throw text.unsupported('attn_logit_softcapping', 'null');
    const sliding = slidingLayers(text, sizes.nLayers);
    const [local, global] = [localRotary(text), readRotarySettings(text, { theta: 1e6 }, 'full_attention')].map(
      (settings) => rotaryTable(settings, sizes.dHead, sizes.maxPositions),
    ) as [ReturnType<typeof rotaryTable>, ReturnType<typeof rotaryTable>];
    const window = text.optionalInteger('sliding_window', 4096) ?? 0;
    const spec: ModelSpec = {
      ...gemmaSpec(text, sizes),
      family: 'gemma3',
      queryKeyNorm: true,
      rotary: sliding.map((isSliding) => (isSliding ? local : global)),
      slidingWindow: sliding.map((isSliding) => (isSliding ? window : 0)),
      logitSoftcap: text.optionalNumber('final_logit_softcapping', null) ?? 0,
    };
    const prefixes = ['model.', 'language_model.model.', 'model.language_model.', ''];
    const prefix = findPrefix(checkpoint, 'embed_tokens.weight', prefixes);
    const tied = text.boolean('tie_word_embeddings', config.boolean('tie_word_embeddings', true));
    const unembedding = `${findPrefix(checkpoint, 'lm_head.weight', ['', 'language_model.'])}lm_head.weight`;
    return { spec, weights: gemmaWeights({ checkpoint, spec, prefix }, text, tied, unembedding) };
  },
};

/** Multimodal checkpoints keep the language model's settings in a section of their own. */
function textConfig(config: ModelConfig): ModelConfig {
  if (config.value('model_type') !== 'gemma3') return config;
  const text = config.section('text_config');
  if (text) return text;
  throw config.unsupported('text_config', 'an object with the settings of the language model');
}

/** Every sixth layer sees all keys unless config.json says otherwise. */
function slidingLayers(config: ModelConfig, nLayers: number): boolean[] {
  const pattern = config.integer('sliding_window_pattern', config.integer('_sliding_window_pattern', 6));
  // A window of one stands for "sliding", so that layers stay apart even where there is no window.
  return readSlidingWindows(config, nLayers, 1, (layer) => (layer + 1) % pattern !== 0).map((window) => window > 0);
}

/** Layers with a window have their own base, which only the newer spelling can scale. */
function localRotary(config: ModelConfig): RotarySettings {
  const theta = config.number('rope_local_base_freq', 10000);
  if (!config.section('rope_parameters')?.section('sliding_attention')) {
    return { type: 'default', theta, parameters: null };
  }
  return readRotarySettings(config, { theta, thetaKey: 'rope_local_base_freq' }, 'sliding_attention');
}
