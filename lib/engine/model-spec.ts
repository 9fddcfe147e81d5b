import type { TensorSource } from '../io/tensor-source';

/** Dimension pairs (t, t + d/2) are rotated by cos and sin of `position * frequencies[t]`, times `attentionFactor`. */
export interface RotaryTable {
  /** Inverse frequencies, one per rotated pair. The first `2 * frequencies.length` head dimensions rotate. */
  readonly frequencies: readonly number[];
  /** The factor of cos and sin (YaRN). 1 otherwise. */
  readonly attentionFactor: number;
}

/**
 * Everything that the native forward pass needs to know about a model. A family file fills in every field. Native code
 * has no defaults and never sees config.json.
 */
export interface ModelSpec {
  /** The first `model_type` of the family: gpt2, gpt_neox. */
  readonly family: string;
  readonly nLayers: number;
  readonly dModel: number;
  readonly nHeads: number;
  /** The number of key and value heads. Query head h uses key/value head floor(h / (nHeads / nKeyValueHeads)). */
  readonly nKeyValueHeads: number;
  readonly dHead: number;
  readonly dMlp: number;
  /** The number of rows of the embedding, which may exceed the tokenizer's vocabulary. */
  readonly dVocab: number;
  /** The longest prompt that the model was made for. Learned position embeddings cannot exceed it. */
  readonly maxPositions: number;
  readonly normalization: 'layerNorm' | 'rmsNorm';
  readonly normEpsilon: number;
  /** A second norm after attention and after the MLP, before the residual add (Gemma). */
  readonly postNorms: boolean;
  /** RMS norm over each query and key head before rotation (Qwen 3, Gemma 3). */
  readonly queryKeyNorm: boolean;
  /** Attention and MLP both read the block's input (GPT-NeoX). */
  readonly parallelBlocks: boolean;
  readonly positionEmbedding: 'rotary' | 'learned';
  /** One per layer; empty when positions are learned. */
  readonly rotary: readonly RotaryTable[];
  /** One per layer: the factor of query . key, usually 1 / sqrt(dHead). */
  readonly attentionScale: readonly number[];
  /** Scores become cap * tanh(score / cap) before masking. 0 for none. */
  readonly attentionSoftcap: number;
  /** One per layer: the number of visible keys, including the position itself. 0 for all earlier ones. */
  readonly slidingWindow: readonly number[];
  /** One learned additional logit per head in the softmax, dropped after it (GPT-OSS). */
  readonly attentionSinks: boolean;
  readonly mlp: 'plain' | 'gated' | 'experts';
  /** `geluTanh` is the tanh approximation; `gptOssGlu` is (up + 1) * gate * sigmoid(1.702 * gate), clamped at 7. */
  readonly activation: 'gelu' | 'geluTanh' | 'silu' | 'relu' | 'gptOssGlu';
  /** 0 unless `mlp` is `experts`. */
  readonly nExperts: number;
  readonly nExpertsPerToken: number;
  /** The factor of embedding rows at the input, before rounding to the compute dtype. 1 for none. */
  readonly embeddingScale: number;
  /** Logits become cap * tanh(logit / cap). 0 for none. */
  readonly logitSoftcap: number;
}

/**
 * Weights by internal name. All matrices are [out, in]; heads are stacked head-major (row h * dHead + k).
 *
 * | name | shape |
 * |---|---|
 * | `embed.W_E` | [dVocab, dModel] |
 * | `pos_embed.W_pos` | [maxPositions, dModel], learned positions only |
 * | `blocks.N.{ln1,ln1_post,ln2,ln2_post}.w` / `.b` | [dModel] (`_post` with `postNorms`, `.b` with layerNorm) |
 * | `blocks.N.attn.W_Q`, `.b_Q` | [nHeads * dHead, dModel], [nHeads * dHead] (biases optional) |
 * | `blocks.N.attn.W_K`, `.W_V`, `.b_K`, `.b_V` | [nKeyValueHeads * dHead, dModel], [nKeyValueHeads * dHead] |
 * | `blocks.N.attn.W_O`, `.b_O` | [dModel, nHeads * dHead], [dModel] |
 * | `blocks.N.attn.{q_norm,k_norm}.w` | [dHead], with `queryKeyNorm` |
 * | `blocks.N.attn.sinks` | [nHeads], with `attentionSinks` |
 * | `blocks.N.mlp.W_in`, `.b_in`, `.W_out`, `.b_out` | [dMlp, dModel], [dMlp], [dModel, dMlp], [dModel] |
 * | `blocks.N.mlp.W_gate`, `.b_gate` | [dMlp, dModel], [dMlp], gated (bias optional) |
 * | `blocks.N.mlp.router.W`, `.b` | [nExperts, dModel], [nExperts] |
 * | `blocks.N.mlp.experts.W_gate_up`, `.b_gate_up` | [nExperts, 2 * dMlp, dModel] even rows gate, odd rows up; [nExperts, 2 * dMlp] |
 * | `blocks.N.mlp.experts.W_down`, `.b_down` | [nExperts, dModel, dMlp], [nExperts, dModel] |
 * | `ln_final.w`, `.b` | [dModel] |
 * | `unembed.W_U`, `.b_U` | [dVocab, dModel], [dVocab] (bias optional) |
 */
export type ModelWeights = Readonly<Record<string, TensorSource>>;
