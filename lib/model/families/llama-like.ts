import type { ModelSpec } from '../../engine/model-spec';
import { type TensorSource, through } from '../../io/tensor-source';
import { type Checkpoint, requireTensor } from '../checkpoint';
import { type ModelConfig, readActivation, readLayerCount } from '../config';
import { wordVectors } from './word-vectors';

/** The parts that Llama-like families share: RMS norm, rotary positions, grouped queries and a gated MLP. */

/** The default sizes of a family's configuration class, for keys missing from config.json. */
export interface SizeDefaults {
  readonly vocab_size: number;
  readonly hidden_size: number;
  readonly intermediate_size: number;
  readonly num_hidden_layers: number;
  readonly num_attention_heads: number;
  /** Null means the number of query heads. */
  readonly num_key_value_heads: number | null;
  /** Null means hidden_size / num_attention_heads. */
  readonly head_dim: number | null;
  readonly max_position_embeddings: number;
}

type Sizes = Pick<
  ModelSpec,
  'nLayers' | 'dModel' | 'nHeads' | 'nKeyValueHeads' | 'dHead' | 'dMlp' | 'dVocab' | 'maxPositions'
>;

/**
 * @throws CircuitTracerError `ERR_UNSUPPORTED_MODEL` when the number or size of heads does not divide as attention
 * requires.
 */
export function readSizes(config: ModelConfig, defaults: SizeDefaults): Sizes {
  const integer = (key: keyof SizeDefaults) => config.integer(key, defaults[key] ?? 1);
  const dModel = integer('hidden_size');
  const nHeads = integer('num_attention_heads');
  const nKeyValueHeads = config.optionalInteger('num_key_value_heads', defaults.num_key_value_heads) ?? nHeads;
  if (nHeads % nKeyValueHeads !== 0) throw config.unsupported('num_key_value_heads', `a divisor of ${nHeads}`);
  const dHead = config.optionalInteger('head_dim', defaults.head_dim) ?? dModel / nHeads;
  if (!Number.isInteger(dHead)) throw config.unsupported('num_attention_heads', `a divisor of hidden_size ${dModel}`);
  if (dHead % 2 !== 0) throw config.unsupported('head_dim', 'an even number, as rotation needs');
  return {
    nLayers: readLayerCount(config, 'num_hidden_layers', defaults.num_hidden_layers),
    dModel,
    nHeads,
    nKeyValueHeads,
    dHead,
    dMlp: integer('intermediate_size'),
    dVocab: integer('vocab_size'),
    maxPositions: integer('max_position_embeddings'),
  };
}

/** The fields that Llama, Mistral and Qwen share. Other families override those that differ. */
export function llamaLikeSpec(
  config: ModelConfig,
  sizes: Sizes,
  activation = readActivation(config, 'hidden_act', 'silu'),
): Omit<ModelSpec, 'family' | 'rotary' | 'slidingWindow'> {
  return {
    ...sizes,
    normalization: 'rmsNorm',
    normEpsilon: config.nonNegative('rms_norm_eps', 1e-6),
    postNorms: false,
    queryKeyNorm: false,
    parallelBlocks: false,
    positionEmbedding: 'rotary',
    attentionScale: everyLayer(sizes, 1 / Math.sqrt(sizes.dHead)),
    attentionSoftcap: 0,
    attentionSinks: false,
    mlp: 'gated',
    activation,
    nExperts: 0,
    nExpertsPerToken: 0,
    embeddingScale: 1,
    logitSoftcap: 0,
  };
}

export function everyLayer<T>({ nLayers }: { readonly nLayers: number }, value: T): T[] {
  return Array.from({ length: nLayers }, () => value);
}

/** The weights collected so far, by internal name. */
export type Weights = Record<string, TensorSource>;

/** The location of a model's tensors. */
export interface Layout {
  readonly checkpoint: Checkpoint;
  readonly spec: ModelSpec;
  /** The prefix of `layers.N` and `embed_tokens`, such as `model.`. */
  readonly prefix: string;
  /** A number to add to every norm gain: Gemma stores gain - 1. Default 0. */
  readonly gainOffset?: number;
}

/** The first of `prefixes` with which the checkpoint contains `name`; the first prefix when there is none. */
export function findPrefix({ tensors }: Checkpoint, name: string, prefixes: readonly string[]): string {
  return prefixes.find((prefix) => tensors.has(prefix + name)) ?? prefixes[0] ?? '';
}

/**
 * The tensor prefix of a causal language model, or of a bare decoder saved without its head. The final norm decides,
 * because a tied pair may be stored as the head alone.
 */
export function decoderPrefix(checkpoint: Checkpoint, prefixes: readonly string[] = ['model.', '']): string {
  return findPrefix(checkpoint, 'norm.weight', prefixes);
}

/** The embedding, final norm and unembedding. */
export function embeddingWeights(layout: Layout, tied: boolean, unembedding = 'lm_head.weight'): Weights {
  const { checkpoint, prefix, spec } = layout;
  return {
    ...wordVectors(checkpoint, `${prefix}embed_tokens.weight`, unembedding, spec, tied),
    'ln_final.w': normGain(layout, `${prefix}norm.weight`, spec.dModel),
  };
}

/** The norm gains of every layer, as a map from the internal name to the stored name. */
export function layerNormWeights(layout: Layout, names: Readonly<Record<string, string>>): Weights {
  const weights: Weights = {};
  for (const [block, file] of layerNames(layout)) {
    for (const [internal, name] of Object.entries(names)) {
      weights[`${block}.${internal}.w`] = normGain(layout, `${file}.${name}.weight`, layout.spec.dModel);
    }
  }
  return weights;
}

/** The two norms of a Llama block; its `post_attention_layernorm` is the norm before the MLP. */
export const llamaNorms = { ln1: 'input_layernorm', ln2: 'post_attention_layernorm' } as const;

/** @param bias which of the four projections have a bias */
export function attentionWeights(layout: Layout, bias: 'none' | 'queryKeyValue' | 'all'): Weights {
  const { checkpoint, spec } = layout;
  const { dModel, dHead, nHeads, nKeyValueHeads } = spec;
  const [queries, keys] = [nHeads * dHead, nKeyValueHeads * dHead];
  const projections = [
    ['Q', 'q_proj', queries, dModel, bias !== 'none'],
    ['K', 'k_proj', keys, dModel, bias !== 'none'],
    ['V', 'v_proj', keys, dModel, bias !== 'none'],
    ['O', 'o_proj', dModel, queries, bias === 'all'],
  ] as const;
  const weights: Weights = {};
  for (const [block, file] of layerNames(layout)) {
    for (const [internal, name, rows, columns, hasBias] of projections) {
      const tensor = `${file}.self_attn.${name}`;
      weights[`${block}.attn.W_${internal}`] = requireTensor(checkpoint, `${tensor}.weight`, [rows, columns]);
      if (hasBias) weights[`${block}.attn.b_${internal}`] = requireTensor(checkpoint, `${tensor}.bias`, [rows]);
    }
    if (!spec.queryKeyNorm) continue;
    for (const norm of ['q_norm', 'k_norm']) {
      weights[`${block}.attn.${norm}.w`] = normGain(layout, `${file}.self_attn.${norm}.weight`, dHead);
    }
  }
  return weights;
}

export function gatedMlpWeights(layout: Layout, bias = false): Weights {
  const { checkpoint, spec } = layout;
  const projections = [
    ['gate', 'gate_proj', spec.dMlp, spec.dModel],
    ['in', 'up_proj', spec.dMlp, spec.dModel],
    ['out', 'down_proj', spec.dModel, spec.dMlp],
  ] as const;
  const weights: Weights = {};
  for (const [block, file] of layerNames(layout)) {
    for (const [internal, name, rows, columns] of projections) {
      const tensor = `${file}.mlp.${name}`;
      weights[`${block}.mlp.W_${internal}`] = requireTensor(checkpoint, `${tensor}.weight`, [rows, columns]);
      if (bias) weights[`${block}.mlp.b_${internal}`] = requireTensor(checkpoint, `${tensor}.bias`, [rows]);
    }
  }
  return weights;
}

/** The internal and stored name for every layer. */
export function layerNames({ spec, prefix }: Layout): [block: string, file: string][] {
  return Array.from({ length: spec.nLayers }, (_, layer) => [`blocks.${layer}`, `${prefix}layers.${layer}`]);
}

function normGain({ checkpoint, gainOffset }: Layout, name: string, size: number): TensorSource {
  const stored = requireTensor(checkpoint, name, [size]);
  return gainOffset ? { ...through(stored), add: gainOffset } : stored;
}
