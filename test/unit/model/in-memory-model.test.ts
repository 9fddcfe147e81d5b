import type { ModelSpec } from '../../../lib/engine/model-spec';
import type { TranscoderSpec } from '../../../lib/engine/transcoder-spec';
import { checkModelSpec, checkTranscoderSpec } from '../../../lib/model/check-spec';
import { hookNames, hookTable } from '../../../lib/model/hooks';
import { preparePrompt } from '../../../lib/model/prompt';
import { Random } from '../../../lib/random';
import { modelWeights, transcoderWeights } from '../../../lib/replacement-model/random-weights';

const spec: ModelSpec = {
  family: 'test',
  nLayers: 2,
  dModel: 8,
  nHeads: 4,
  nKeyValueHeads: 2,
  dHead: 4,
  dMlp: 16,
  dVocab: 20,
  maxPositions: 6,
  normalization: 'rmsNorm',
  normEpsilon: 1e-6,
  postNorms: false,
  queryKeyNorm: false,
  parallelBlocks: false,
  positionEmbedding: 'rotary',
  rotary: [
    { frequencies: [1, 0.1], attentionFactor: 1 },
    { frequencies: [1, 0.1], attentionFactor: 1 },
  ],
  attentionScale: [0.5, 0.5],
  attentionSoftcap: 0,
  slidingWindow: [0, 0],
  attentionSinks: false,
  mlp: 'gated',
  activation: 'silu',
  nExperts: 0,
  nExpertsPerToken: 0,
  embeddingScale: 1,
  logitSoftcap: 0,
};

const transcoders: TranscoderSpec = {
  kind: 'crossLayer',
  nLayers: 2,
  dModel: 8,
  nFeatures: [32, 24],
  featureInputHook: 'hook_resid_mid',
  featureOutputHook: 'hook_mlp_out',
  activation: 'jumprelu',
  k: 0,
  hasSkip: true,
  scan: 'test',
  modelName: '',
};

const shapes = (weights: Record<string, { shape: readonly number[] }>) =>
  Object.fromEntries(Object.entries(weights).map(([name, { shape }]) => [name, shape]));

describe('weights', () => {
  test('every weight of the spec, in its shape', () => {
    const weights = shapes(modelWeights(spec, {}, new Random(1)));
    expect(weights).toMatchObject({
      'embed.W_E': [20, 8],
      'blocks.1.ln2.w': [8],
      'blocks.0.attn.W_Q': [16, 8],
      'blocks.0.attn.W_K': [8, 8],
      'blocks.0.attn.W_O': [8, 16],
      'blocks.1.mlp.W_gate': [16, 8],
      'unembed.W_U': [20, 8],
    });
    expect(Object.keys(weights).filter((name) => /\.b$|b_|pos_embed|sinks|_norm/.test(name))).toEqual([]);
  });

  test('layer norm brings biases; experts, sinks and positions their own weights', () => {
    const other: ModelSpec = {
      ...spec,
      normalization: 'layerNorm',
      positionEmbedding: 'learned',
      rotary: [],
      queryKeyNorm: true,
      postNorms: true,
      mlp: 'experts',
      nExperts: 3,
      nExpertsPerToken: 2,
      attentionSinks: true,
    };
    expect(shapes(modelWeights(other, {}, new Random(1)))).toMatchObject({
      'pos_embed.W_pos': [6, 8],
      'blocks.0.ln1_post.b': [8],
      'blocks.0.attn.b_O': [8],
      'blocks.0.attn.q_norm.w': [4],
      'blocks.0.attn.sinks': [4],
      'blocks.1.mlp.experts.W_gate_up': [3, 32, 8],
      'blocks.1.mlp.experts.b_down': [3, 8],
    });
  });

  test('given arrays are used as they are, optional ones too', () => {
    const given = new Float32Array(16).fill(3);
    const weights = modelWeights(spec, { 'blocks.0.attn.b_Q': given }, new Random(1));
    expect(weights['blocks.0.attn.b_Q']?.data?.buffer).toBe(given.buffer);
    expect(weights['blocks.1.attn.b_Q']).toBeUndefined();
  });

  test('refuses unknown names and wrong sizes', () => {
    const make = (name: string, value: unknown) => () =>
      modelWeights(spec, { [name]: value as Float32Array }, new Random(1));
    expect(make('blocks.0.attn.W_q', new Float32Array(1))).toThrow(/W_q'\. Did you mean 'blocks\.0\.attn\.W_Q'/);
    expect(make('embed.W_E', new Float32Array(3))).toThrow(/shape \[20, 8\] \(160 numbers\); found 3 numbers/);
    expect(make('embed.W_E', [1, 2])).toThrow(/Float32Array.*found an array/);
  });

  test('transcoders: spans, thresholds, skips', () => {
    const [first, second] = transcoderWeights(transcoders, [], new Random(1)).map((layer) =>
      shapes(layer as unknown as Record<string, { shape: readonly number[] }>),
    );
    expect(first).toEqual({
      encoder: [32, 8],
      encoderBias: [32],
      threshold: [32],
      decoder: [32, 2, 8],
      decoderBias: [8],
      skip: [8, 8],
    });
    expect(second).toMatchObject({ decoder: [24, 1, 8] });
  });
});

describe('specs', () => {
  test('a whole one passes', () => {
    checkModelSpec(spec);
    checkTranscoderSpec(transcoders);
  });

  test.each<[Partial<ModelSpec>, RegExp]>([
    [{ nLayers: 0 }, /spec\.nLayers/],
    [{ nKeyValueHeads: 3 }, /divisor of nHeads, 4/],
    [{ slidingWindow: [0] }, /slidingWindow must be an array of 2/],
    [{ rotary: [] }, /rotary must be an array of 2/],
    [{ positionEmbedding: 'learned' }, /rotary must be an empty array/],
    [{ attentionScale: [1, Number.NaN] }, /attentionScale\[1\]/],
    [{ activation: 'tanh' as 'relu' }, /activation/],
    [{ mlp: 'experts' }, /nExperts/],
    [{ embeddingScale: 0 }, /embeddingScale/],
  ])('%p is refused', (change, message) => {
    expect(() => checkModelSpec({ ...spec, ...change })).toThrow(message);
  });

  test.each<[Partial<TranscoderSpec>, RegExp]>([
    [{ nFeatures: [32] }, /nFeatures must be an array of 2/],
    [{ activation: 'topk', k: 0 }, /\.k must/],
    [{ activation: 'topk', k: 30 }, /from 1 to 24/],
    [{ scan: ['a'] }, /scan/],
    [{ featureInputHook: 'hook_resid_post' as 'hook_resid_mid' }, /featureInputHook/],
  ])('%p is refused', (change, message) => {
    expect(() => checkTranscoderSpec({ ...transcoders, ...change })).toThrow(message);
  });
});

describe('hooks', () => {
  test('exist as the spec has it', () => {
    expect(hookNames(spec)).toContain('blocks.1.attn.hook_rot_q');
    expect(hookNames(spec)).not.toContain('hook_pos_embed');
    expect(hookNames({ ...spec, parallelBlocks: true })).not.toContain('blocks.0.hook_resid_mid');
    expect(hookNames({ ...spec, postNorms: true })).toContain('blocks.0.ln2_post.hook_scale');
    expect(hookTable(spec).map(({ name }) => name)).toContain('blocks.N.attn.hook_pattern');
    expect(new Set(hookNames(spec)).size).toBe(hookNames(spec).length);
  });
});

describe('prompts of a model without tokenizer', () => {
  const prepare = (prompt: unknown) => preparePrompt(prompt as number[], spec, undefined, false);

  test('are ids, taken as they are', () => {
    expect(prepare([3, 4])).toEqual({ tokens: Int32Array.of(3, 4), specialPositions: 1 });
    expect(prepare(Int32Array.of(3))).toEqual({ tokens: Int32Array.of(3), specialPositions: 1 });
  });

  test.each<[unknown, RegExp]>([
    ['text', /no tokenizer.*"text"/],
    [[], /at least one token/],
    [[1, 2, 3, 4, 5, 6, 7], /7 tokens.*at most 6/],
    [[1, 20], /from 0 to 19; found 20 at position 1/],
    [[1.5], /found 1\.5/],
    [null, /found null/],
    [{}, /found an object/],
  ])('%p is refused', (prompt, message) => {
    expect(() => prepare(prompt)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_PROMPT', message: expect.stringMatching(message) }),
    );
  });
});
