import type { TensorSource } from '../io/tensor-source';

/** cos and sin of `position * frequencies[t]`, times `attentionFactor`, rotate dimension pairs (t, t + d/2). */
export interface RotaryTable {
  /** Inverse frequencies, one per rotated pair: `2 * frequencies.length` leading head dimensions rotate. */
  readonly frequencies: readonly number[];
  /** Multiplies both cos and sin (YaRN); 1 otherwise. */
  readonly attentionFactor: number;
}

/**
 * Everything the one native forward pass needs to know of a model. A family file fills in every field; native has no
 * defaults and never sees config.json.
 */
export interface ModelSpec {
  /** The first `model_type` of the family: gpt2, gpt_neox. */
  readonly family: string;
  readonly nLayers: number;
  readonly dModel: number;
  readonly nHeads: number;
  /** Key and value heads; query head h reads key/value head floor(h / (nHeads / nKeyValueHeads)). */
  readonly nKeyValueHeads: number;
  readonly dHead: number;
  readonly dMlp: number;
  /** Rows of the embedding; may exceed the tokenizer's vocabulary. */
  readonly dVocab: number;
  /** Longest prompt the model was made for; learned position embeddings can't go beyond it. */
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
  /** One per layer: factor on query . key, usually 1 / sqrt(dHead). */
  readonly attentionScale: readonly number[];
  /** Scores become cap * tanh(score / cap) before masking; 0 = none. */
  readonly attentionSoftcap: number;
  /** One per layer: keys visible including self; 0 = all earlier ones. */
  readonly slidingWindow: readonly number[];
  /** One learned extra logit per head in the softmax, dropped after it (GPT-OSS). */
  readonly attentionSinks: boolean;
  readonly mlp: 'plain' | 'gated' | 'experts';
  /** `geluTanh` is the tanh approximation; `gptOssGlu` is (up + 1) * gate * sigmoid(1.702 * gate), clamped at 7. */
  readonly activation: 'gelu' | 'geluTanh' | 'silu' | 'relu' | 'gptOssGlu';
  /** 0 unless `mlp` is `experts`. */
  readonly nExperts: number;
  readonly nExpertsPerToken: number;
  /** Factor on embedding rows at the input side, before rounding to the compute dtype; 1 = none. */
  readonly embeddingScale: number;
  /** Logits become cap * tanh(logit / cap); 0 = none. */
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
