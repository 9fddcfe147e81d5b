import type { ModelSpec } from '../../engine/model-spec';
import { type ModelConfig, readSlidingWindows } from '../config';
import { rotaryTable } from '../rotary';
import { readLayerRotarySettings } from '../rotary-settings';
import { noEffect, read } from './config-keys';
import type { Family } from './family';
import { gemmaKeys, gemmaSizes, gemmaSpec, gemmaWeights } from './gemma2';
import { ropeParameters, tieKey } from './llama-keys';
import { decoderPrefix, findPrefix, readSizes } from './llama-like';

/** Gemma 3, text (`Gemma3ForCausalLM`) or the text half of `Gemma3ForConditionalGeneration`. */
export const gemma3: Family = {
  title: 'Gemma 3',
  modelTypes: ['gemma3', 'gemma3_text'],
  architectures: ['Gemma3ForCausalLM', 'Gemma3ForConditionalGeneration'],
  hub: { names: /^gemma-3-/i, organisation: 'google' },
  keys: [
    ...gemmaKeys,
    ...noEffect(['attn_logit_softcapping'], 'transformers reads it and never applies it.'),
    read('final_logit_softcapping', 'Null turns it off. Not applied in multimodal checkpoints, as in transformers.'),
    read('sliding_window_pattern', 'The last of every n layers has no window, unless `layer_types` is set.'),
    ...noEffect(['_sliding_window_pattern'], 'Derived from `sliding_window_pattern` by transformers.'),
    read('rope_theta', 'For layers without a window.'),
    read('rope_local_base_freq', 'For layers with a window.'),
    read(
      'rope_scaling',
      `For layers without a window: ${ropeParameters}. As in transformers 5, needs \`rope_type\`: \`type\` has no effect.`,
    ),
    read(
      'rope_parameters',
      'One entry each for full_attention and sliding_attention. As in transformers 5, settings outside them have no ' +
        'effect, except for `truncate` of YaRN.',
    ),
    read('partial_rotary_factor', 'Ignored by type default, as in transformers 5. For other types, it must be 1.'),
    tieKey,
    read('text_config', 'In multimodal checkpoints, all of the above except `tie_word_embeddings` is read from here.'),
    ...noEffect(
      [
        ...['vision_config', 'mm_tokens_per_image', 'boi_token_index', 'eoi_token_index', 'image_token_index'],
        ...['image_token_id', 'boi_token_id', 'eoi_token_id'],
      ],
      'Images.',
    ),
  ],

  section: (config) => {
    if (config.value('model_type') !== 'gemma3') return null;
    const text = config.section('text_config');
    if (text) return text;
    throw config.unsupported('text_config', 'an object with the settings of the language model');
  },

  plan(checkpoint, config, outer) {
    const multimodal = config.where !== outer.where;
    const sizes = readSizes(config, { ...gemmaSizes, vocab_size: 262208, max_position_embeddings: 131072 });
    const sliding = slidingLayers(config, sizes.nLayers);
    const table = (settings: ReturnType<typeof readLayerRotarySettings>) =>
      rotaryTable(settings, sizes.dHead, sizes.maxPositions);
    const global = table(readLayerRotarySettings(config, 'full_attention', { theta: 1e6 }));
    const localDefaults = { theta: 10000, thetaKey: 'rope_local_base_freq' };
    const local = table(readLayerRotarySettings(config, 'sliding_attention', localDefaults));
    const window = config.optionalInteger('sliding_window', 4096) ?? 0;
    const softcap = config.optionalNumber('final_logit_softcapping', null) ?? 0;
    const spec: ModelSpec = {
      ...gemmaSpec(config, sizes),
      family: 'gemma3',
      queryKeyNorm: true,
      rotary: sliding.map((isSliding) => (isSliding ? local : global)),
      slidingWindow: sliding.map((isSliding) => (isSliding ? window : 0)),
      logitSoftcap: multimodal ? 0 : softcap,
    };
    const prefix = decoderPrefix(checkpoint, ['model.', 'language_model.model.', 'model.language_model.', '']);
    const unembedding = `${findPrefix(checkpoint, 'lm_head.weight', ['', 'language_model.'])}lm_head.weight`;
    const tied = outer.boolean('tie_word_embeddings', true);
    return { spec, weights: gemmaWeights({ checkpoint, spec, prefix }, config, tied, unembedding), tied };
  },
};

/** By default, every sixth layer has no window. */
function slidingLayers(config: ModelConfig, nLayers: number): boolean[] {
  const pattern = config.integer('sliding_window_pattern', 6);
  // A window of one marks a sliding layer, so that the kinds of layers differ even if there is no window.
  return readSlidingWindows(config, nLayers, 1, (layer) => (layer + 1) % pattern !== 0).map((window) => window > 0);
}
