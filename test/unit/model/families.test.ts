import { join } from 'node:path';
import { viewedShape } from '../../../lib/io/tensor-source';
import { checkModelSpec } from '../../../lib/model/check-spec';
import { openCheckpoint } from '../../../lib/model/checkpoint';
import { planModel, supportedModelTypes } from '../../../lib/model/families';
import { modelDir } from '../../support/fixtures';
import { llamaShapes, llamaSizes, memoryCheckpoint } from '../../support/memory-checkpoint';

const plan = async (name: string) => planModel(await openCheckpoint(modelDir(name)));

/** One weight of a plan, which must be there. */
function weight({ weights }: ReturnType<typeof planModel>, name: string) {
  const source = weights[name];
  if (!source) throw new Error(`no ${name} among ${Object.keys(weights).join(', ')}`);
  return source;
}

describe('planModel on the files of', () => {
  test.each([
    ['gpt2', 'gpt2', 3 * 16 + 5],
    ['neox', 'gpt_neox', 3 * 16 + 4],
    ['llama', 'llama', 4 * 9 + 3],
    ['llama8b', 'llama', 3 * 9 + 3],
    ['mistral', 'mistral', 4 * 9 + 3],
    ['qwen2', 'qwen2', 3 * 12 + 3],
    ['qwen3', 'qwen3', 4 * 11 + 3],
    ['gemma2', 'gemma2', 4 * 11 + 3],
    ['gemma3', 'gemma3', 4 * 13 + 3],
    ['gptoss', 'gpt_oss', 4 * 17 + 3],
  ])('%s gives a whole spec and all weights', async (name, family, count) => {
    const planned = await plan(name);
    const { spec, weights } = planned;
    checkModelSpec(spec);
    expect(spec.family).toBe(family);
    expect(Object.keys(weights)).toHaveLength(count);
    for (const source of Object.values(weights)) expect(source.file).toContain(join('models', name));
    const { dVocab, dModel, nHeads, nKeyValueHeads, dHead } = spec;
    expect(viewedShape(weight(planned, 'unembed.W_U'))).toEqual([dVocab, dModel]);
    expect(viewedShape(weight(planned, 'blocks.1.attn.W_Q'))).toEqual([nHeads * dHead, dModel]);
    expect(viewedShape(weight(planned, 'blocks.1.attn.W_K'))).toEqual([nKeyValueHeads * dHead, dModel]);
    expect(viewedShape(weight(planned, 'blocks.1.attn.W_O'))).toEqual([dModel, nHeads * dHead]);
  });

  test('gpt2: matrices turned round, attention split into thirds', async () => {
    const planned = await plan('gpt2');
    const turn = { op: 'permute', dims: [1, 0] };
    expect(weight(planned, 'blocks.0.mlp.W_in').view).toEqual([turn]);
    expect(weight(planned, 'blocks.0.attn.W_V').view).toEqual([turn, { op: 'slice', dim: 0, start: 96, stop: 144 }]);
    expect(weight(planned, 'blocks.0.attn.b_K').view).toEqual([{ op: 'slice', dim: 0, start: 48, stop: 96 }]);
    expect(weight(planned, 'unembed.W_U')).toEqual(weight(planned, 'embed.W_E'));
    expect(planned.spec.rotary).toEqual([]);
    expect(planned.spec.maxPositions).toBe(64);
  });

  test('neox: queries, keys and values taken out of each head', async () => {
    const planned = await plan('neox');
    expect(weight(planned, 'blocks.2.attn.W_K').view).toEqual([
      { op: 'reshape', shape: [4, 3, 16, 64] },
      { op: 'select', dim: 1, index: 1 },
      { op: 'reshape', shape: [64, 64] },
    ]);
    expect(viewedShape(weight(planned, 'blocks.2.attn.b_V'))).toEqual([64]);
    expect(planned.spec.parallelBlocks).toBe(true);
    expect(planned.spec.rotary[0]?.frequencies).toHaveLength(2);
  });

  test('gemma2 and gemma3: gains plus one everywhere and nowhere else', async () => {
    for (const name of ['gemma2', 'gemma3']) {
      const { spec, weights } = await plan(name);
      for (const [weightName, { add }] of Object.entries(weights))
        expect(add).toBe(/\.w$/.test(weightName) ? 1 : undefined);
      expect(weights['blocks.0.ln1_post.w']?.name).toMatch(/post_attention_layernorm/);
      expect(weights['blocks.0.ln2.w']?.name).toMatch(/pre_feedforward_layernorm/);
      expect(spec.embeddingScale).toBe(Math.sqrt(56));
    }
    const { spec } = await plan('gemma2');
    expect(spec.slidingWindow).toEqual([4, 0, 4, 0]);
    expect([spec.attentionSoftcap, spec.logitSoftcap, spec.attentionScale[0]]).toEqual([8, 12, 24 ** -0.5]);
  });

  test('gemma3: two rotary tables, the global one slowed', async () => {
    const { spec } = await plan('gemma3');
    expect(spec.slidingWindow).toEqual([4, 4, 0, 4]);
    expect(spec.rotary.map((table) => table.frequencies[0])).toEqual([1, 1, 0.125, 1]);
  });

  test('gptoss: experts turned round, windows first', async () => {
    const planned = await plan('gptoss');
    expect(viewedShape(weight(planned, 'blocks.0.mlp.experts.W_gate_up'))).toEqual([5, 48, 48]);
    expect(viewedShape(weight(planned, 'blocks.0.mlp.experts.W_down'))).toEqual([5, 48, 24]);
    expect(weight(planned, 'blocks.0.mlp.experts.W_down').view).toEqual([{ op: 'permute', dims: [0, 2, 1] }]);
    expect(planned.spec.slidingWindow).toEqual([4, 0, 4, 0]);
    expect(planned.spec.rotary[0]?.attentionFactor).toBeCloseTo(1.34657, 5);
    expect([planned.spec.nExperts, planned.spec.nExpertsPerToken]).toEqual([5, 2]);
  });
});

describe('planModel reads settings as transformers does:', () => {
  const llama = (extra: Record<string, unknown>, shapes: Record<string, number[]> = {}, prefix = 'model.') =>
    planModel(
      memoryCheckpoint({ model_type: 'llama', ...llamaSizes, ...extra }, { ...llamaShapes(prefix), ...shapes }),
    );

  test('defaults of the class where a key is missing', () => {
    const { spec } = llama({});
    expect([spec.maxPositions, spec.normEpsilon, spec.activation]).toEqual([2048, 1e-6, 'silu']);
    const mistral = planModel(memoryCheckpoint({ model_type: 'mistral', ...llamaSizes }, llamaShapes()));
    expect(mistral.spec.slidingWindow).toEqual([4096]);
    const unbounded = { model_type: 'mistral', ...llamaSizes, sliding_window: null };
    expect(planModel(memoryCheckpoint(unbounded, llamaShapes())).spec.slidingWindow).toEqual([0]);
    const { tie_word_embeddings: _, ...untold } = llamaSizes;
    const headless = planModel(memoryCheckpoint({ model_type: 'llama', ...untold }, llamaShapes()));
    expect(headless.tied).toBe(false);
    expect(headless.weights['unembed.W_U']?.name).toBe('model.embed_tokens.weight');
  });

  test('biases where config.json says there are', () => {
    const projections = { q: 8, k: 8, v: 8, o: 8 };
    const attention = Object.entries(projections).map(([name, size]) => [
      `model.layers.0.self_attn.${name}_proj.bias`,
      [size],
    ]);
    const mlp = { gate: 16, up: 16, down: 8 };
    const mlpBiases = Object.entries(mlp).map(([name, size]) => [`model.layers.0.mlp.${name}_proj.bias`, [size]]);
    const biases = Object.fromEntries([...attention, ...mlpBiases]);
    const { weights } = llama({ attention_bias: true, mlp_bias: true }, biases);
    for (const name of ['attn.b_Q', 'attn.b_O', 'mlp.b_gate', 'mlp.b_in', 'mlp.b_out']) {
      expect(weights[`blocks.0.${name}`]).toBeDefined();
    }
    expect(llama({}, biases).weights['blocks.0.attn.b_Q']).toBeUndefined();
    expect(() => llama({ attention_bias: true })).toThrow(/q_proj\.bias of shape \[8\]/);
  });

  test('a bare decoder, and an unembedding of its own', () => {
    expect(llama({}, {}, '').weights['embed.W_E']?.name).toBe('embed_tokens.weight');
    const untied = llama({ tie_word_embeddings: false }, { 'lm_head.weight': [10, 8] });
    expect(untied.weights['unembed.W_U']?.name).toBe('lm_head.weight');
    // Whether it is the embedding once more, only its numbers tell: output-head.test.ts.
    expect(llama({}, { 'lm_head.weight': [10, 8] }).weights['unembed.W_U']?.name).toBe('lm_head.weight');
  });

  test('windows of Qwen only when switched on, from a layer on', () => {
    const shapes = llamaShapes();
    for (const letter of ['q', 'k', 'v']) shapes[`model.layers.0.self_attn.${letter}_proj.bias`] = [8];
    const windows = (extra: Record<string, unknown>) =>
      planModel(memoryCheckpoint({ model_type: 'qwen2', ...llamaSizes, sliding_window: 3, ...extra }, shapes)).spec
        .slidingWindow;
    expect(windows({ max_window_layers: 0 })).toEqual([0]);
    expect(windows({ use_sliding_window: true, max_window_layers: 0 })).toEqual([3]);
    expect(windows({ use_sliding_window: true, max_window_layers: 1 })).toEqual([0]);
    expect(windows({ use_sliding_window: true, layer_types: ['sliding_attention'] })).toEqual([3]);
  });

  test('the language model of a multimodal Gemma 3, in both spellings of rotation', () => {
    const shapes = (prefix: string) => ({
      ...llamaShapes(prefix),
      [`${prefix}layers.0.pre_feedforward_layernorm.weight`]: [8],
      [`${prefix}layers.0.post_feedforward_layernorm.weight`]: [8],
      [`${prefix}layers.0.self_attn.q_norm.weight`]: [4],
      [`${prefix}layers.0.self_attn.k_norm.weight`]: [4],
      'vision_tower.patch.weight': [3, 3],
    });
    const { tie_word_embeddings: _, ...sizes } = llamaSizes;
    const gemma3 = (text: Record<string, unknown>, prefix: string) =>
      planModel(memoryCheckpoint({ model_type: 'gemma3', text_config: { ...sizes, ...text } }, shapes(prefix))).spec;
    const scaling = { rope_type: 'linear', factor: 8 };
    const older = gemma3({ rope_scaling: scaling, sliding_window_pattern: 1 }, 'language_model.model.');
    const both = {
      full_attention: { ...scaling, rope_theta: 1e6 },
      sliding_attention: { rope_type: 'default', rope_theta: 1e4 },
    };
    const newer = gemma3({ rope_parameters: both, layer_types: ['full_attention'] }, 'model.language_model.');
    expect(newer).toEqual(older);
    expect(newer.rotary[0]?.frequencies[0]).toBe(0.125);
    const local = gemma3({ rope_parameters: both, sliding_window: 5 }, 'model.');
    expect([local.rotary[0]?.frequencies[0], local.slidingWindow]).toEqual([1, [5]]);
    expect(() => planModel(memoryCheckpoint({ model_type: 'gemma3' }, {}))).toThrow(/text_config/);
  });

  test('sequential blocks of GPT-NeoX, and GPT-2 attention that weakens with depth', async () => {
    const neox = await openCheckpoint(modelDir('neox'));
    neox.config.use_parallel_residual = false;
    expect(planModel(neox).spec.parallelBlocks).toBe(false);
    const gpt2 = await openCheckpoint(modelDir('gpt2'));
    Object.assign(gpt2.config, { scale_attn_by_inverse_layer_idx: true });
    const scale = 1 / Math.sqrt(12);
    expect(planModel(gpt2).spec.attentionScale).toEqual([scale, scale / 2, scale / 3]);
    const prefixed = new Map([...gpt2.tensors].map(([name, source]) => [`transformer.${name}`, source]));
    expect(Object.keys(planModel({ ...gpt2, tensors: prefixed }).weights)).toHaveLength(53);
  });

  test('packed experts of GPT-OSS', async () => {
    const checkpoint = await openCheckpoint(modelDir('gptoss'));
    Object.assign(checkpoint.config, { hidden_size: 64, intermediate_size: 32, num_hidden_layers: 1 });
    const layer = 'model.layers.0';
    const { spec, ...rest } = planModel(
      memoryCheckpoint(
        { ...checkpoint.config, layer_types: null, quantization_config: { quant_method: 'mxfp4' } },
        {
          'model.embed_tokens.weight': [504, 64],
          'model.norm.weight': [64],
          'lm_head.weight': [504, 64],
          [`${layer}.input_layernorm.weight`]: [64],
          [`${layer}.post_attention_layernorm.weight`]: [64],
          ...projection(`${layer}.self_attn.q_proj`, 64, 64),
          ...projection(`${layer}.self_attn.k_proj`, 32, 64),
          ...projection(`${layer}.self_attn.v_proj`, 32, 64),
          ...projection(`${layer}.self_attn.o_proj`, 64, 64),
          [`${layer}.self_attn.sinks`]: [4],
          ...projection(`${layer}.mlp.router`, 5, 64),
          [`${layer}.mlp.experts.gate_up_proj_blocks`]: [5, 64, 2, 16],
          [`${layer}.mlp.experts.gate_up_proj_scales`]: [5, 64, 2],
          [`${layer}.mlp.experts.gate_up_proj_bias`]: [5, 64],
          [`${layer}.mlp.experts.down_proj_blocks`]: [5, 64, 1, 16],
          [`${layer}.mlp.experts.down_proj_scales`]: [5, 64, 1],
          [`${layer}.mlp.experts.down_proj_bias`]: [5, 64],
        },
        (name) => (/_(blocks|scales)$/.test(name) ? 'uint8' : 'bfloat16'),
      ),
    );
    expect(viewedShape(weight({ spec, ...rest }, 'blocks.0.mlp.experts.W_gate_up'))).toEqual([5, 64, 64]);
    expect(viewedShape(weight({ spec, ...rest }, 'blocks.0.mlp.experts.W_down'))).toEqual([5, 64, 32]);
  });
});

function projection(name: string, rows: number, columns: number): Record<string, number[]> {
  return { [`${name}.weight`]: [rows, columns], [`${name}.bias`]: [rows] };
}

describe('planModel refuses', () => {
  const refused = (config: Record<string, unknown>, shapes = llamaShapes()) => {
    return () => planModel(memoryCheckpoint({ model_type: 'llama', ...llamaSizes, ...config }, shapes));
  };
  const code = (code: string) => expect.objectContaining({ code });

  test.each<[string, Record<string, unknown>, RegExp]>([
    ['an unknown family', { model_type: 'mamba' }, /expected one of gpt2, .*found "mamba"/],
    ['no family', { model_type: undefined }, /model_type/],
    ['a size in words', { hidden_size: 'wide' }, /hidden_size.*"wide"/],
    ['a size of null', { hidden_size: null }, /hidden_size.*null/],
    ['no layers', { num_hidden_layers: 0 }, /num_hidden_layers.*0/],
    ['layers without end', { num_hidden_layers: 1e9 }, /num_hidden_layers/],
    ['key heads that do not divide query heads', { num_attention_heads: 3 }, /num_key_value_heads/],
    ['an odd head', { head_dim: 3 }, /head_dim/],
    ['a fractional head', { head_dim: null, num_attention_heads: 6 }, /num_attention_heads/],
    ['an unknown activation', { hidden_act: 'wobble' }, /hidden_act.*wobble/],
    ['an inherited name for an activation', { hidden_act: 'toString' }, /hidden_act/],
    ['a yes for a tie', { tie_word_embeddings: 'yes' }, /tie_word_embeddings/],
    ['scaling in a list', { rope_scaling: [] }, /rope_scaling/],
    ['quantised weights', { quantization_config: { quant_method: 'gptq' } }, /quantization_config.*gptq/],
    ['attention both ways', { model_type: 'gemma2', use_bidirectional_attention: true }, /use_bidirectional_attention/],
    ['chunked attention', { model_type: 'gemma2', layer_types: ['chunked_attention'] }, /layer_types/],
    ['too many layer types', { model_type: 'gemma2', layer_types: Array(2).fill('full_attention') }, /layer_types/],
    ['another clamp in the experts', { model_type: 'gpt_oss', swiglu_limit: 5 }, /swiglu_limit/],
    ['cross attention', { model_type: 'gpt2', add_cross_attention: true }, /add_cross_attention/],
    ['more rotation than a head has', { model_type: 'gpt_neox', rotary_pct: 1.3 }, /rotary_pct/],
    ['heads of another size in GPT-NeoX', { model_type: 'gpt_neox', head_dim: 8 }, /head_dim/],
    ['half of an odd head', { model_type: 'gpt_neox', hidden_size: 10, head_dim: 5, rotary_pct: 1 }, /rotary_pct/],
    ['attention that sees later tokens', { is_causal: false }, /is_causal/],
    ['layers of different shapes', { per_layer_config: { 0: { intermediate_size: 8 } } }, /per_layer_config/],
    ['heads taken out', { model_type: 'gpt2', pruned_heads: { 0: [1] } }, /pruned_heads/],
    ['chunked attention of Mistral', { model_type: 'mistral', layer_types: ['chunked_attention'] }, /layer_types/],
    [
      'a quantised text model',
      { model_type: 'gemma3', text_config: { quantization_config: { quant_method: 'awq' } } },
      /awq/,
    ],
    [
      'a quantised multimodal model',
      { model_type: 'gemma3', text_config: {}, quantization_config: { quant_method: 'awq' } },
      /awq/,
    ],
    [
      'GPT-OSS in another quantisation',
      { model_type: 'gpt_oss', quantization_config: { quant_method: 'gptq' } },
      /mxfp4.*gptq/,
    ],
  ])('%s', (_, config, names) => {
    expect(refused(config)).toThrow(code('ERR_UNSUPPORTED_MODEL'));
    expect(refused(config)).toThrow(names);
  });

  test('tensors missing, of wrong shape or of a format it cannot read', () => {
    const name = 'model.layers.0.self_attn.k_proj.weight';
    const { [name]: _, ...without } = llamaShapes();
    expect(refused({}, without)).toThrow(/k_proj\.weight of shape \[8, 8\], but the weight files do not contain it/);
    const wrong = refused({}, { ...llamaShapes(), [name]: [4, 8] });
    expect(wrong).toThrow(code('ERR_WEIGHT'));
    expect(wrong).toThrow(/model\.safetensors: .*k_proj\.weight: expected shape \[8, 8\].*found \[4, 8\]/);
    const config = { model_type: 'llama', ...llamaSizes };
    const bytes = memoryCheckpoint(config, llamaShapes(), (tensor) => (tensor === name ? 'uint8' : 'float32'));
    expect(() => planModel(bytes)).toThrow(/k_proj.*uint8/);
    const integers = {
      ...memoryCheckpoint(config, without),
      otherTensors: new Map([[name, { dtype: 'I64', shape: [8, 8] }]]),
    };
    expect(() => planModel(integers)).toThrow(/k_proj.*I64/);
  });

  test('nothing it says it supports', () => {
    for (const type of supportedModelTypes) {
      expect(() => planModel(memoryCheckpoint({ model_type: type, text_config: {} }, {}))).toThrow(code('ERR_WEIGHT'));
    }
  });
});
