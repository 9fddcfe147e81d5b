import type { StoredDtype } from '../../lib/io/tensor-source';
import type { Checkpoint } from '../../lib/model/checkpoint';

/** A checkpoint of tensors that have a name, a shape and a number format, but no numbers. */
export function memoryCheckpoint(
  config: Record<string, unknown>,
  shapes: Readonly<Record<string, readonly number[]>>,
  dtype: (name: string) => StoredDtype = () => 'float32',
): Checkpoint {
  const tensors = Object.entries(shapes).map(([name, shape]) => {
    const source = { name, file: '/models/m/model.safetensors', offset: 0, dtype: dtype(name), shape, view: [] };
    return [name, source] as const;
  });
  return { folder: '/models/m', config, tensors: new Map(tensors), otherTensors: new Map() };
}

/** Tensors of a Llama-like checkpoint with one layer of width 8, 2 heads of 4, MLP of 16, vocabulary of 10. */
export function llamaShapes(prefix = 'model.'): Record<string, number[]> {
  const layer = `${prefix}layers.0`;
  return {
    [`${prefix}embed_tokens.weight`]: [10, 8],
    [`${prefix}norm.weight`]: [8],
    [`${layer}.input_layernorm.weight`]: [8],
    [`${layer}.post_attention_layernorm.weight`]: [8],
    [`${layer}.self_attn.q_proj.weight`]: [8, 8],
    [`${layer}.self_attn.k_proj.weight`]: [8, 8],
    [`${layer}.self_attn.v_proj.weight`]: [8, 8],
    [`${layer}.self_attn.o_proj.weight`]: [8, 8],
    [`${layer}.mlp.gate_proj.weight`]: [16, 8],
    [`${layer}.mlp.up_proj.weight`]: [16, 8],
    [`${layer}.mlp.down_proj.weight`]: [8, 16],
  };
}

/** The config.json that fits {@link llamaShapes}, untied heads aside. */
export const llamaSizes = {
  vocab_size: 10,
  hidden_size: 8,
  intermediate_size: 16,
  num_hidden_layers: 1,
  num_attention_heads: 2,
  num_key_value_heads: 2,
  head_dim: 4,
  tie_word_embeddings: true,
};
