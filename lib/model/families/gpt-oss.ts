import type { ModelSpec } from '../../engine/model-spec';
import { type TensorSource, through } from '../../io/tensor-source';
import { requireTensor } from '../checkpoint';
import { ModelConfig, readSlidingWindows } from '../config';
import { rotaryTable } from '../rotary';
import { readRotarySettings } from '../rotary-settings';
import { noEffect, read, refused } from './config-keys';
import type { Family } from './family';
import { dropoutKeys, layerTypes, ropeKeys, ropeParameters, sizeKeys, tieKey } from './llama-keys';
import {
  attentionWeights,
  decoderPrefix,
  embeddingWeights,
  everyLayer,
  type Layout,
  layerNames,
  layerNormWeights,
  llamaLikeSpec,
  llamaNorms,
  readSizes,
  type Weights,
} from './llama-like';

const defaultScaling = new ModelConfig(
  {
    rope_type: 'yarn',
    factor: 32,
    beta_fast: 32,
    beta_slow: 1,
    truncate: false,
    original_max_position_embeddings: 4096,
  },
  'defaults of GPT-OSS: rope_scaling',
);

/** GPT-OSS (`GptOssForCausalLM`), with experts in MXFP4 or floating point. */
export const gptOss: Family = {
  title: 'GPT-OSS',
  modelTypes: ['gpt_oss'],
  architectures: ['GptOssForCausalLM'],
  hub: { names: /^gpt-oss-/i, organisation: 'openai' },
  keys: [
    ...sizeKeys,
    read('head_dim', 'Null means hidden_size / num_attention_heads.'),
    read('num_local_experts', undefined, ['num_experts']),
    read('num_experts_per_tok'),
    read('attention_bias', 'Biases of all four projections, unless false. transformers 4 ignores it.'),
    read('sliding_window', 'Null turns it off.'),
    layerTypes,
    ...ropeKeys.filter(({ key }) => key !== 'rope_scaling'),
    read(
      'rope_scaling',
      `${ropeParameters}. If null or missing, YaRN as in the published models, following transformers 5.`,
    ),
    tieKey,
    refused('swiglu_limit', '7', (value) => value === 7, 'transformers hard-codes it.'),
    {
      ...refused('quantization_config', 'null or quant_method mxfp4', () => true),
      check: (config) => {
        const quantization = config.section('quantization_config');
        if (!quantization || quantization.value('quant_method') === 'mxfp4') return;
        throw quantization.unsupported('quant_method', 'no quantization or mxfp4');
      },
    },
    ...dropoutKeys,
    ...noEffect(['hidden_act'], 'The experts have their own activation.'),
    ...noEffect(['router_aux_loss_coef', 'output_router_logits'], 'Training only.'),
  ],

  plan(checkpoint, config) {
    const sizes = readSizes(config, {
      vocab_size: 201088,
      hidden_size: 2880,
      intermediate_size: 2880,
      num_hidden_layers: 36,
      num_attention_heads: 64,
      num_key_value_heads: 8,
      head_dim: 64,
      max_position_embeddings: 131072,
    });
    const rotary = readRotarySettings(config, { theta: 150000, scaling: defaultScaling });
    const window = config.optionalInteger('sliding_window', 128);
    const nExperts = config.integer('num_local_experts', 128);
    const nExpertsPerToken = config.integer('num_experts_per_tok', 4);
    if (nExpertsPerToken > nExperts) throw config.unsupported('num_experts_per_tok', `at most ${nExperts}`);
    const spec: ModelSpec = {
      ...llamaLikeSpec(config, sizes, 'gptOssGlu'),
      family: 'gpt_oss',
      normEpsilon: config.nonNegative('rms_norm_eps', 1e-5),
      rotary: everyLayer(sizes, rotaryTable(rotary, sizes.dHead, sizes.maxPositions)),
      slidingWindow: readSlidingWindows(config, sizes.nLayers, window, (layer) => layer % 2 === 0),
      attentionSinks: true,
      mlp: 'experts',
      nExperts,
      nExpertsPerToken,
    };
    const layout = { checkpoint, spec, prefix: decoderPrefix(checkpoint) };
    const tied = config.boolean('tie_word_embeddings', false);
    const weights = {
      ...embeddingWeights(layout, tied),
      ...layerNormWeights(layout, llamaNorms),
      ...attentionWeights(layout, config.boolean('attention_bias', true) ? 'all' : 'none'),
      ...sinkWeights(layout),
      ...expertWeights(layout),
    };
    return { spec, weights, tied };
  },
};

function sinkWeights(layout: Layout): Weights {
  const sinks = layerNames(layout).map(([block, file]) => [
    `${block}.attn.sinks`,
    requireTensor(layout.checkpoint, `${file}.self_attn.sinks`, [layout.spec.nHeads]),
  ]);
  return Object.fromEntries(sinks);
}

function expertWeights(layout: Layout): Weights {
  const { checkpoint, spec } = layout;
  const { nExperts, dModel, dMlp } = spec;
  const weights: Weights = {};
  for (const [block, file] of layerNames(layout)) {
    const [mlp, stored] = [`${block}.mlp`, `${file}.mlp`];
    const experts = `${stored}.experts`;
    weights[`${mlp}.router.W`] = requireTensor(checkpoint, `${stored}.router.weight`, [nExperts, dModel]);
    weights[`${mlp}.router.b`] = requireTensor(checkpoint, `${stored}.router.bias`, [nExperts]);
    weights[`${mlp}.experts.W_gate_up`] = expertMatrix(layout, `${experts}.gate_up_proj`, 2 * dMlp, dModel);
    weights[`${mlp}.experts.b_gate_up`] = requireTensor(checkpoint, `${experts}.gate_up_proj_bias`, [
      nExperts,
      2 * dMlp,
    ]);
    weights[`${mlp}.experts.W_down`] = expertMatrix(layout, `${experts}.down_proj`, dModel, dMlp);
    weights[`${mlp}.experts.b_down`] = requireTensor(checkpoint, `${experts}.down_proj_bias`, [nExperts, dModel]);
  }
  return weights;
}

/**
 * An expert matrix [nExperts, out, in]. MXFP4 is stored in this layout, in groups of 32 numbers; floating point is
 * stored as [nExperts, in, out].
 */
function expertMatrix({ checkpoint, spec }: Layout, name: string, rows: number, columns: number): TensorSource {
  const { nExperts } = spec;
  const packed = checkpoint.tensors.has(`${name}_blocks`) || checkpoint.tensors.has(`${name}_scales`);
  if (!packed) {
    return through(requireTensor(checkpoint, name, [nExperts, columns, rows]), { op: 'permute', dims: [0, 2, 1] });
  }
  const groups = columns / 32;
  const scales = requireTensor(checkpoint, `${name}_scales`, [nExperts, rows, groups], 'bytes');
  return { ...requireTensor(checkpoint, `${name}_blocks`, [nExperts, rows, groups, 16], 'bytes'), scales };
}
