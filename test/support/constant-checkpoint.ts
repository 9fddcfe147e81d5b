import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TensorToWrite, writeSafetensors } from '../../lib/io/safetensors';

const [layers, width, mlp, vocab, features] = [6, 512, 2048, 8192, 8192];

const tensor = (name: string, ...shape: number[]): TensorToWrite => {
  const count = shape.reduce((product, size) => product * size, 1);
  return { name, dtype: 'F32', shape, data: new Float32Array(count).fill(2 ** -6) };
};

/** A Llama and its transcoders, 310 MB together, of weights that are all one number: quickly made, and of real sizes. */
export async function writeConstantCheckpoint(folder: string): Promise<{ model: string; transcoders: string }> {
  const [model, transcoders] = [path.join(folder, 'model'), path.join(folder, 'transcoders')];
  mkdirSync(model);
  mkdirSync(transcoders);
  await writeModel(model);
  for (let layer = 0; layer < layers; layer++) {
    await writeSafetensors(path.join(transcoders, `layer_${layer}.safetensors`), [
      tensor('W_enc', features, width),
      tensor('W_dec', features, width),
      tensor('b_enc', features),
      tensor('b_dec', width),
    ]);
  }
  writeFileSync(
    path.join(transcoders, 'config.yaml'),
    'model_kind: transcoder_set\nfeature_input_hook: hook_resid_mid\nfeature_output_hook: hook_mlp_out\n',
  );
  return { model, transcoders };
}

async function writeModel(folder: string): Promise<void> {
  const json = (name: string, value: object) => writeFileSync(path.join(folder, name), JSON.stringify(value));
  json('config.json', {
    architectures: ['LlamaForCausalLM'],
    model_type: 'llama',
    tie_word_embeddings: true,
    rope_theta: 10000,
    hidden_size: width,
    intermediate_size: mlp,
    num_hidden_layers: layers,
    vocab_size: vocab,
    num_attention_heads: 8,
    num_key_value_heads: 8,
    max_position_embeddings: 1024,
    rms_norm_eps: 1e-5,
  });
  const added = {
    id: 0,
    content: '<s>',
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  };
  json('tokenizer.json', {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [added],
    normalizer: null,
    pre_tokenizer: { type: 'WhitespaceSplit' },
    post_processor: null,
    decoder: null,
    model: { type: 'WordLevel', vocab: { '<s>': 0, word: 1 }, unk_token: '<s>' },
  });
  json('tokenizer_config.json', { bos_token: '<s>' });
  await writeSafetensors(path.join(folder, 'model.safetensors'), modelTensors());
}

function modelTensors(): TensorToWrite[] {
  const blocks = Array.from({ length: layers }, (_, layer) => {
    const named = (name: string, ...shape: number[]) => tensor(`model.layers.${layer}.${name}.weight`, ...shape);
    return [
      named('input_layernorm', width),
      named('post_attention_layernorm', width),
      ...['q', 'k', 'v', 'o'].map((part) => named(`self_attn.${part}_proj`, width, width)),
      named('mlp.gate_proj', mlp, width),
      named('mlp.up_proj', mlp, width),
      named('mlp.down_proj', width, mlp),
    ];
  });
  return [tensor('model.embed_tokens.weight', vocab, width), tensor('model.norm.weight', width), ...blocks.flat()];
}
