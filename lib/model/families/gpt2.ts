import type { ModelSpec } from '../../engine/model-spec';
import { sliced, transposed } from '../../io/tensor-source';
import { type Checkpoint, requireTensor } from '../checkpoint';
import { type ModelConfig, readActivation, readLayerCount } from '../config';
import { noEffect, read, refused } from './config-keys';
import type { Family } from './family';
import { tieKey } from './llama-keys';
import { everyLayer, findPrefix, type Weights } from './llama-like';
import { wordVectors } from './word-vectors';

/** GPT-2 (`GPT2LMHeadModel`). Its linear layers are Conv1D, so matrices are stored [in, out]. */
export const gpt2: Family = {
  title: 'GPT-2',
  modelTypes: ['gpt2'],
  architectures: ['GPT2LMHeadModel'],
  hub: { names: /^gpt2/i, organisation: 'openai-community' },
  keys: [
    read('vocab_size'),
    read('n_positions', 'The maximum prompt length.', ['max_position_embeddings']),
    read('n_embd', undefined, ['hidden_size']),
    read('n_layer', undefined, ['num_hidden_layers']),
    read('n_head', undefined, ['num_attention_heads']),
    read('n_inner', 'Null: 4 n_embd.'),
    read('activation_function'),
    read('layer_norm_epsilon'),
    read('scale_attn_weights'),
    read('scale_attn_by_inverse_layer_idx'),
    tieKey,
    refused('add_cross_attention', 'false', (value) => value === false, 'For encoder-decoder models.'),
    ...noEffect(['reorder_and_upcast_attn'], 'Scores are summed and the softmax is taken in float32 anyway.'),
    ...noEffect(['resid_pdrop', 'embd_pdrop', 'attn_pdrop'], 'Training only.'),
    ...noEffect(
      [
        ...['summary_type', 'summary_use_proj', 'summary_activation', 'summary_proj_to_labels'],
        ...['summary_first_dropout', 'summary_last_dropout', 'classifier_dropout', 'hidden_dropout'],
      ],
      'Heads of other tasks.',
    ),
  ],

  plan(checkpoint, config) {
    const spec = readSpec(config);
    // The files on the hub have bare names; files saved by transformers have the prefix.
    const prefix = findPrefix(checkpoint, 'ln_f.weight', ['transformer.', '']);
    const tied = config.boolean('tie_word_embeddings', true);
    const weights: Weights = {
      ...wordVectors(checkpoint, `${prefix}wte.weight`, 'lm_head.weight', spec, tied),
      'pos_embed.W_pos': requireTensor(checkpoint, `${prefix}wpe.weight`, [spec.maxPositions, spec.dModel]),
      'ln_final.w': requireTensor(checkpoint, `${prefix}ln_f.weight`, [spec.dModel]),
      'ln_final.b': requireTensor(checkpoint, `${prefix}ln_f.bias`, [spec.dModel]),
    };
    for (let layer = 0; layer < spec.nLayers; layer++) {
      Object.assign(weights, layerWeights(checkpoint, spec, `blocks.${layer}`, `${prefix}h.${layer}`));
    }
    return { spec, weights, tied };
  },
};

function readSpec(config: ModelConfig): ModelSpec {
  const nLayers = readLayerCount(config, 'n_layer', 12);
  const dModel = config.integer('n_embd', 768);
  const nHeads = config.integer('n_head', 12);
  if (dModel % nHeads !== 0) throw config.unsupported('n_head', `a divisor of n_embd ${dModel}`);
  const dHead = dModel / nHeads;
  const scale = config.boolean('scale_attn_weights', true) ? 1 / Math.sqrt(dHead) : 1;
  const byLayer = config.boolean('scale_attn_by_inverse_layer_idx', false);
  return {
    family: 'gpt2',
    nLayers,
    dModel,
    nHeads,
    nKeyValueHeads: nHeads,
    dHead,
    dMlp: config.optionalInteger('n_inner', null) ?? 4 * dModel,
    dVocab: config.integer('vocab_size', 50257),
    maxPositions: config.integer('n_positions', 1024),
    normalization: 'layerNorm',
    normEpsilon: config.nonNegative('layer_norm_epsilon', 1e-5),
    postNorms: false,
    queryKeyNorm: false,
    parallelBlocks: false,
    positionEmbedding: 'learned',
    rotary: [],
    attentionScale: Array.from({ length: nLayers }, (_, layer) => (byLayer ? scale / (layer + 1) : scale)),
    attentionSoftcap: 0,
    slidingWindow: everyLayer({ nLayers }, 0),
    attentionSinks: false,
    mlp: 'plain',
    activation: readActivation(config, 'activation_function', 'gelu_new'),
    nExperts: 0,
    nExpertsPerToken: 0,
    embeddingScale: 1,
    logitSoftcap: 0,
  };
}

function layerWeights(checkpoint: Checkpoint, spec: ModelSpec, block: string, file: string): Weights {
  const { dModel, dMlp } = spec;
  const weights: Weights = {};
  for (const [internal, name] of [
    ['ln1', 'ln_1'],
    ['ln2', 'ln_2'],
  ] as const) {
    weights[`${block}.${internal}.w`] = requireTensor(checkpoint, `${file}.${name}.weight`, [dModel]);
    weights[`${block}.${internal}.b`] = requireTensor(checkpoint, `${file}.${name}.bias`, [dModel]);
  }
  // The columns hold all queries, then all keys, then all values.
  const projections = transposed(requireTensor(checkpoint, `${file}.attn.c_attn.weight`, [dModel, 3 * dModel]));
  const biases = requireTensor(checkpoint, `${file}.attn.c_attn.bias`, [3 * dModel]);
  for (const [index, letter] of ['Q', 'K', 'V'].entries()) {
    const [start, stop] = [index * dModel, (index + 1) * dModel];
    weights[`${block}.attn.W_${letter}`] = sliced(projections, 0, start, stop);
    weights[`${block}.attn.b_${letter}`] = sliced(biases, 0, start, stop);
  }
  for (const [internal, name, rows, columns] of [
    ['attn.W_O attn.b_O', 'attn.c_proj', dModel, dModel],
    ['mlp.W_in mlp.b_in', 'mlp.c_fc', dMlp, dModel],
    ['mlp.W_out mlp.b_out', 'mlp.c_proj', dModel, dMlp],
  ] as const) {
    const [matrix, bias] = internal.split(' ');
    weights[`${block}.${matrix}`] = transposed(requireTensor(checkpoint, `${file}.${name}.weight`, [columns, rows]));
    weights[`${block}.${bias}`] = requireTensor(checkpoint, `${file}.${name}.bias`, [rows]);
  }
  return weights;
}
