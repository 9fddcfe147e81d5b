import type { ModelSpec } from '../../engine/model-spec';
import { through } from '../../io/tensor-source';
import { type Checkpoint, requireTensor } from '../checkpoint';
import { type ModelConfig, readActivation, readLayerCount } from '../config';
import { rotaryTable } from '../rotary';
import { readRotarySettings } from '../rotary-settings';
import { noEffect, read, refused } from './config-keys';
import type { Family } from './family';
import { ropeKeys, tieKey } from './llama-keys';
import { everyLayer, findPrefix, type Weights } from './llama-like';
import { wordVectors } from './word-vectors';

/** GPT-NeoX and Pythia (`GPTNeoXForCausalLM`). */
export const gptNeox: Family = {
  title: 'GPT-NeoX, Pythia',
  modelTypes: ['gpt_neox'],
  architectures: ['GPTNeoXForCausalLM'],
  hub: { names: /^pythia-/i, organisation: 'EleutherAI' },
  keys: [
    ...['vocab_size', 'hidden_size', 'intermediate_size', 'num_hidden_layers', 'num_attention_heads'].map((key) =>
      read(key),
    ),
    read('max_position_embeddings', 'The maximum prompt length.'),
    read('layer_norm_eps'),
    read('hidden_act'),
    read('use_parallel_residual'),
    read('attention_bias', 'Biases of all attention projections.'),
    read('rotary_pct', 'The rotated share of a head, unless one of the two sections has `partial_rotary_factor`.'),
    read('rotary_emb_base', 'The base of the rotation, unless one of the two sections has `rope_theta`.'),
    ...ropeKeys.filter(({ key }) => /^rope_[sp]|^original/.test(key)),
    ...noEffect(['rope_theta', 'partial_rotary_factor'], 'Copies of `rotary_emb_base` and `rotary_pct`.'),
    tieKey,
    refused(
      'head_dim',
      'null or hidden_size / num_attention_heads',
      (value, config) =>
        value === null || value === config.integer('hidden_size', 6144) / config.integer('num_attention_heads', 64),
      'transformers would use it for the rotation, although heads have another size.',
    ),
    ...noEffect(['attention_dropout', 'hidden_dropout', 'classifier_dropout'], 'Training only.'),
    ...noEffect(['rms_norm_eps'], 'Belongs to a class that transformers 4 defines but never uses.'),
  ],

  plan(checkpoint, config) {
    const spec = readSpec(config);
    const prefix = findPrefix(checkpoint, 'final_layer_norm.weight', ['gpt_neox.', '']);
    // transformers 5 may save the unembedding under a newer name.
    const unembedding = findPrefix(checkpoint, '.weight', ['embed_out', 'lm_head']);
    const attentionBias = config.boolean('attention_bias', true);
    const tied = config.boolean('tie_word_embeddings', false);
    const weights: Weights = {
      ...wordVectors(checkpoint, `${prefix}embed_in.weight`, `${unembedding}.weight`, spec, tied),
      ...linear(checkpoint, 'ln_final.w', 'ln_final.b', `${prefix}final_layer_norm`, [spec.dModel]),
    };
    for (let layer = 0; layer < spec.nLayers; layer++) {
      const names = [`blocks.${layer}`, `${prefix}layers.${layer}`] as const;
      Object.assign(weights, layerWeights(checkpoint, spec, ...names, attentionBias));
    }
    return { spec, weights, tied };
  },
};

function readSpec(config: ModelConfig): ModelSpec {
  const nLayers = readLayerCount(config, 'num_hidden_layers', 44);
  const dModel = config.integer('hidden_size', 6144);
  const nHeads = config.integer('num_attention_heads', 64);
  if (dModel % nHeads !== 0) throw config.unsupported('num_attention_heads', `a divisor of hidden_size ${dModel}`);
  const dHead = dModel / nHeads;
  const maxPositions = config.integer('max_position_embeddings', 2048);
  return {
    family: 'gpt_neox',
    nLayers,
    dModel,
    nHeads,
    nKeyValueHeads: nHeads,
    dHead,
    dMlp: config.integer('intermediate_size', 24576),
    dVocab: config.integer('vocab_size', 50432),
    maxPositions,
    normalization: 'layerNorm',
    normEpsilon: config.nonNegative('layer_norm_eps', 1e-5),
    postNorms: false,
    queryKeyNorm: false,
    parallelBlocks: config.boolean('use_parallel_residual', true),
    positionEmbedding: 'rotary',
    rotary: everyLayer({ nLayers }, readRotary(config, dHead, maxPositions)),
    attentionScale: everyLayer({ nLayers }, 1 / Math.sqrt(dHead)),
    attentionSoftcap: 0,
    slidingWindow: everyLayer({ nLayers }, 0),
    attentionSinks: false,
    mlp: 'plain',
    activation: readActivation(config, 'hidden_act', 'gelu'),
    nExperts: 0,
    nExpertsPerToken: 0,
    embeddingScale: 1,
    logitSoftcap: 0,
  };
}

/** Only the leading share of the dimensions of a head rotates, rounded up to whole pairs. */
function readRotary(config: ModelConfig, dHead: number, maxPositions: number) {
  const defaults = { theta: 10000, thetaKey: 'rotary_emb_base', shareKey: 'rotary_pct', share: 0.25 };
  const table = rotaryTable(readRotarySettings(config, defaults), dHead, maxPositions, true);
  if (2 * table.frequencies.length > dHead) {
    throw config.unsupported('rotary_pct', `a share of ${dHead} head dimensions that leaves whole pairs within them`);
  }
  return table;
}

function layerWeights(
  checkpoint: Checkpoint,
  spec: ModelSpec,
  block: string,
  file: string,
  attentionBias: boolean,
): Weights {
  const { dModel, dMlp } = spec;
  const weights: Weights = {
    ...linear(checkpoint, `${block}.ln1.w`, `${block}.ln1.b`, `${file}.input_layernorm`, [dModel]),
    ...linear(checkpoint, `${block}.ln2.w`, `${block}.ln2.b`, `${file}.post_attention_layernorm`, [dModel]),
    ...linear(checkpoint, `${block}.mlp.W_in`, `${block}.mlp.b_in`, `${file}.mlp.dense_h_to_4h`, [dMlp, dModel]),
    ...linear(checkpoint, `${block}.mlp.W_out`, `${block}.mlp.b_out`, `${file}.mlp.dense_4h_to_h`, [dModel, dMlp]),
    [`${block}.attn.W_O`]: requireTensor(checkpoint, `${file}.attention.dense.weight`, [dModel, dModel]),
  };
  if (attentionBias) weights[`${block}.attn.b_O`] = requireTensor(checkpoint, `${file}.attention.dense.bias`, [dModel]);
  return { ...weights, ...queryKeyValue(checkpoint, spec, block, `${file}.attention.query_key_value`, attentionBias) };
}

function linear(checkpoint: Checkpoint, weight: string, bias: string, name: string, shape: number[]): Weights {
  return {
    [weight]: requireTensor(checkpoint, `${name}.weight`, shape),
    [bias]: requireTensor(checkpoint, `${name}.bias`, shape.slice(0, 1)),
  };
}

/** Rows are stored head by head, with query, key and value of each head in turn: [nHeads, 3, dHead, dModel]. */
function queryKeyValue(checkpoint: Checkpoint, spec: ModelSpec, block: string, name: string, bias: boolean): Weights {
  const { dModel, nHeads, dHead } = spec;
  const stored = requireTensor(checkpoint, `${name}.weight`, [3 * dModel, dModel]);
  const storedBias = bias ? requireTensor(checkpoint, `${name}.bias`, [3 * dModel]) : undefined;
  const weights: Weights = {};
  for (const [index, letter] of ['Q', 'K', 'V'].entries()) {
    const select = { op: 'select', dim: 1, index } as const;
    weights[`${block}.attn.W_${letter}`] = through(
      stored,
      { op: 'reshape', shape: [nHeads, 3, dHead, dModel] },
      select,
      { op: 'reshape', shape: [dModel, dModel] },
    );
    if (!storedBias) continue;
    weights[`${block}.attn.b_${letter}`] = through(storedBias, { op: 'reshape', shape: [nHeads, 3, dHead] }, select, {
      op: 'reshape',
      shape: [dModel],
    });
  }
  return weights;
}
