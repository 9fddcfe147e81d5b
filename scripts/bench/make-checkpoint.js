/** Writes a seeded random model with transcoders for benchmarks, in the formats of real ones. */
const fs = require('node:fs');
const path = require('node:path');
const { isDeepStrictEqual } = require('node:util');
const { writeFileAtomically } = require('../../dist/io/files.js');
const { writeSafetensors } = require('../../dist/io/safetensors.js');
const { openCheckpoint } = require('../../dist/model/checkpoint.js');
const { planModel } = require('../../dist/model/families/index.js');
const { OwnedEngine } = require('../../dist/engine/owned-engine.js');
const { Random } = require('../../dist/random.js');
const { sizes } = require('./sizes');

const seed = 7;
const specialTokens = ['<pad>', '<eos>', '<bos>'];
const bos = 2;

/** Models of at least this width are written in shards. */
const widestInOneFile = 2048;

/** Seeded normal weights. Matrices as wide as their input preserve its magnitude. */
class Weights {
  constructor(seed) {
    this.random = new Random(seed);
  }
  tensor(name, shape, deviation, mean = 0) {
    const count = shape.reduce((product, extent) => product * extent, 1);
    return { name, dtype: 'F32', shape, data: this.random.normals(count, mean, deviation) };
  }
  matrix(name, out, input) {
    return this.tensor(name, [out, input], input ** -0.5);
  }
}

const constant = (name, length, value) => ({
  name,
  dtype: 'F32',
  shape: [length],
  data: new Float32Array(length).fill(value),
});

const modelConfig = (size) => ({
  architectures: ['Gemma2ForCausalLM'],
  model_type: 'gemma2',
  vocab_size: size.vocab,
  hidden_size: size.width,
  intermediate_size: size.mlp,
  num_hidden_layers: size.layers,
  num_attention_heads: size.heads,
  num_key_value_heads: size.kvHeads,
  head_dim: size.headWidth,
  query_pre_attn_scalar: size.headWidth,
  sliding_window: 4096,
  max_position_embeddings: 4096,
  pad_token_id: 0,
  eos_token_id: 1,
  bos_token_id: bos,
});

function layerTensors(weights, layer, size) {
  const named = (name) => `model.layers.${layer}.${name}.weight`;
  const norms = ['input', 'post_attention', 'pre_feedforward', 'post_feedforward'];
  const heads = size.heads * size.headWidth;
  const kvHeads = size.kvHeads * size.headWidth;
  return [
    ...norms.map((norm) => weights.tensor(named(`${norm}_layernorm`), [size.width], 0.1)),
    weights.matrix(named('self_attn.q_proj'), heads, size.width),
    weights.matrix(named('self_attn.k_proj'), kvHeads, size.width),
    weights.matrix(named('self_attn.v_proj'), kvHeads, size.width),
    weights.matrix(named('self_attn.o_proj'), size.width, heads),
    weights.matrix(named('mlp.gate_proj'), size.mlp, size.width),
    weights.matrix(named('mlp.up_proj'), size.mlp, size.width),
    weights.matrix(named('mlp.down_proj'), size.width, size.mlp),
  ];
}

/** The embedding with the last norm, followed by each layer. */
function* modelParts(size) {
  const weights = new Weights(seed);
  yield [
    weights.tensor('model.embed_tokens.weight', [size.vocab, size.width], 0.05),
    weights.tensor('model.norm.weight', [size.width], 0.1),
  ];
  for (let layer = 0; layer < size.layers; layer++) yield layerTensors(weights, layer, size);
}

/** One word per token, so that every id has a text. */
function tokenizer({ vocab }) {
  const words = Array.from({ length: vocab }, (_, id) => specialTokens[id] ?? `t${id}`);
  const added = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: specialTokens.map((content, id) => ({ id, content, ...added })),
    normalizer: null,
    pre_tokenizer: { type: 'WhitespaceSplit' },
    post_processor: null,
    decoder: null,
    model: { type: 'WordLevel', vocab: Object.fromEntries(words.map((word, id) => [word, id])), unk_token: '<pad>' },
  };
}

async function writeModel(size, folder) {
  fs.mkdirSync(folder, { recursive: true });
  const json = (name, value) => writeFileAtomically(path.join(folder, name), JSON.stringify(value));
  await json('config.json', modelConfig(size));
  await json('tokenizer.json', tokenizer(size));
  await json('tokenizer_config.json', { pad_token: '<pad>', eos_token: '<eos>', bos_token: '<bos>' });
  if (size.width < widestInOneFile) await writeOneFile(folder, modelParts(size));
  else await writeShards(folder, modelParts(size), size.layers + 1);
}

// The metadata that transformers expects in a file.
const metadata = { format: 'pt' };

const writeOneFile = (folder, parts) =>
  writeSafetensors(path.join(folder, 'model.safetensors'), [...parts].flat(), metadata);

/** Write the parts one by one, so that only one is in memory, and the index of their tensors. */
async function writeShards(folder, parts, count) {
  const padded = (number) => String(number).padStart(5, '0');
  const weightMap = {};
  let written = 0;
  for (const tensors of parts) {
    const file = `model-${padded(++written)}-of-${padded(count)}.safetensors`;
    await writeSafetensors(path.join(folder, file), tensors, metadata);
    for (const { name } of tensors) weightMap[name] = file;
  }
  const index = { metadata: {}, weight_map: weightMap };
  await writeFileAtomically(path.join(folder, 'model.safetensors.index.json'), JSON.stringify(index));
}

/** The residual stream that each layer's MLP reads, [positions, width] per layer, for the model in `folder`. */
async function featureInputs(folder, tokens, size) {
  const { spec, weights } = planModel(await openCheckpoint(folder));
  const engine = new OwnedEngine('The benchmark model', 0);
  try {
    const model = await engine.run((native) => native.loadTransformer(spec, weights, 'cpu', 'float32', false));
    const names = Array.from({ length: size.layers }, (_, layer) => `blocks.${layer}.hook_resid_mid`);
    const { activations } = await engine.run((native) => native.forward(model, tokens, names));
    return names.map((name) => activations[name].data);
  } finally {
    await engine.dispose();
  }
}

/** Positions spread over the prompt except the first. This number suffices to determine a threshold. */
function sampledPositions(positions) {
  const others = positions - 1;
  const count = Math.min(others, 64);
  return Array.from({ length: count }, (_, i) => 1 + Math.floor((i * others) / count));
}

/** The threshold that leaves `active` features per position on average. */
function thresholdOf(encoder, input, { width, features, positions, active }) {
  const sampled = sampledPositions(positions);
  const values = new Float32Array(sampled.length * features);
  let at = 0;
  for (const p of sampled) {
    const x = input.subarray(p * width, (p + 1) * width);
    for (let f = 0; f < features; f++) {
      let sum = 0;
      for (let d = 0, row = f * width; d < width; d++) sum += x[d] * encoder[row + d];
      values[at++] = sum;
    }
  }
  values.sort();
  return values[values.length - 1 - sampled.length * active];
}

function perLayerFiles(weights, layer, size, input) {
  const encoder = weights.matrix('W_enc', size.features, size.width);
  const tensors = [
    encoder,
    weights.tensor('W_dec', [size.features, size.width], 0.05),
    constant('b_enc', size.features, 0),
    constant('b_dec', size.width, 0),
    constant('activation_function.threshold', size.features, thresholdOf(encoder.data, input, size)),
  ];
  return { [`layer_${layer}.safetensors`]: tensors };
}

function crossLayerFiles(weights, layer, size, input) {
  const encoder = weights.matrix(`W_enc_${layer}`, size.features, size.width);
  const span = size.layers - layer;
  return {
    [`W_enc_${layer}.safetensors`]: [
      encoder,
      constant(`b_enc_${layer}`, size.features, 0),
      constant(`b_dec_${layer}`, size.width, 0),
      constant(`threshold_${layer}`, size.features, thresholdOf(encoder.data, input, size)),
    ],
    [`W_dec_${layer}.safetensors`]: [weights.tensor(`W_dec_${layer}`, [size.features, span, size.width], 0.02)],
  };
}

async function writeTranscoders(size, kind, folder, inputs) {
  fs.mkdirSync(folder, { recursive: true });
  const weights = new Weights(seed + 1);
  const filesOf = kind === 'per-layer' ? perLayerFiles : crossLayerFiles;
  for (let layer = 0; layer < size.layers; layer++) {
    for (const [name, tensors] of Object.entries(filesOf(weights, layer, size, inputs[layer]))) {
      await writeSafetensors(path.join(folder, name), tensors);
    }
  }
  const config = [
    'model_name: benchmark',
    `model_kind: ${kind === 'per-layer' ? 'transcoder_set' : 'cross_layer_transcoder'}`,
    'feature_input_hook: hook_resid_mid',
    'feature_output_hook: hook_mlp_out',
    'scan: benchmark',
  ];
  await writeFileAtomically(path.join(folder, 'config.yaml'), `${config.join('\n')}\n`);
}

function randomTokens({ positions, vocab }) {
  const random = new Random(seed + 2);
  const others = vocab - specialTokens.length;
  return Int32Array.from({ length: positions }, (_, at) =>
    at === 0 ? bos : specialTokens.length + Math.floor(random.uniform() * others),
  );
}

/** The folder of a checkpoint under `root`, named by its size or by its differences. */
function checkpointFolder(root, kind, size) {
  const known = Object.keys(sizes).find((name) => isDeepStrictEqual(sizes[name], size));
  const name = known ?? `${size.width}-wide-${size.layers}-layers-${size.positions}-tokens`;
  return path.join(root, `${name}-${kind}`);
}

const tokensFile = (dir) => path.join(dir, 'tokens.json');
const recipeFile = (dir) => path.join(dir, 'recipe.json');

/** Written last, so a checkpoint with its recipe is complete. */
function isMade(dir, recipe) {
  try {
    return fs.readFileSync(recipeFile(dir), 'utf8') === recipe;
  } catch {
    return false;
  }
}

/** Fills `dir` with model/, transcoders/ and tokens.json unless they exist. `size` is an entry of sizes.js. */
async function makeCheckpoint(dir, kind, size) {
  const recipe = JSON.stringify({ seed, kind, size });
  if (isMade(dir, recipe)) return;
  fs.rmSync(recipeFile(dir), { force: true });
  const model = path.join(dir, 'model');
  const tokens = randomTokens(size);
  await writeModel(size, model);
  await writeTranscoders(size, kind, path.join(dir, 'transcoders'), await featureInputs(model, tokens, size));
  await writeFileAtomically(tokensFile(dir), JSON.stringify(Array.from(tokens)));
  await writeFileAtomically(recipeFile(dir), recipe);
}

/** The folders and tokens that {@link makeCheckpoint} has written. */
function readCheckpoint(dir) {
  return {
    model: path.join(dir, 'model'),
    transcoders: path.join(dir, 'transcoders'),
    tokens: JSON.parse(fs.readFileSync(tokensFile(dir), 'utf8')),
  };
}

module.exports = { checkpointFolder, makeCheckpoint, readCheckpoint };
