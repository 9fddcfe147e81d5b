import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import {
  type AttributeOptions,
  InMemoryModel,
  type ModelSpec,
  ReplacementModel,
  type TranscoderSpec,
} from '../../../lib';
import { expectBitEqual } from '../../support/compare';
import { expectRejection } from '../../support/expect-rejection';
import { modelDir, transcoderDir } from '../../support/fixtures';
import { testDevice } from '../../support/use-case';

const rotary = { frequencies: [1, 0.1, 0.01, 0.001], attentionFactor: 1 };
const spec: ModelSpec = {
  family: 'in-memory',
  nLayers: 2,
  dModel: 16,
  nHeads: 4,
  nKeyValueHeads: 2,
  dHead: 8,
  dMlp: 32,
  dVocab: 40,
  maxPositions: 64,
  normalization: 'rmsNorm',
  normEpsilon: 1e-6,
  postNorms: true,
  queryKeyNorm: true,
  parallelBlocks: false,
  positionEmbedding: 'rotary',
  rotary: [rotary, rotary],
  attentionScale: [0.35, 0.35],
  attentionSoftcap: 5,
  slidingWindow: [0, 3],
  attentionSinks: false,
  mlp: 'gated',
  activation: 'geluTanh',
  nExperts: 0,
  nExpertsPerToken: 0,
  embeddingScale: 4,
  logitSoftcap: 12,
};

const transcoders: TranscoderSpec = {
  kind: 'crossLayer',
  nLayers: 2,
  dModel: 16,
  nFeatures: [64, 64],
  activation: 'jumprelu',
  k: 0,
  hasSkip: true,
  featureInputHook: 'ln2.hook_normalized',
  featureOutputHook: 'hook_mlp_out',
  scan: 'test',
  modelName: '',
};

const device = testDevice;
const prompt = [1, 7, 30, 22, 5];

describe('fromConfig', () => {
  test('the same seed makes the same model, another seed another one', async () => {
    const logits = async (seed: number) => {
      await using model = await InMemoryModel.fromConfig(spec, transcoders, { device, seed });
      return (await model.forward(prompt)).data.slice();
    };
    const first = await logits(3);
    expectBitEqual('logits', await logits(3), first);
    expect(await logits(4)).not.toEqual(first);
    expect(first.every(Number.isFinite)).toBe(true);
  });

  test('takes part in everything a loaded model does', async () => {
    await using model = await InMemoryModel.fromConfig(spec, transcoders, { device, seed: 3 });
    const graph = await model.attribute(prompt);
    expect([...graph.tokens]).toEqual(prompt);
    expect(graph.tokenStrings).toEqual(['1', '7', '30', '22', '5']);
    expect(graph.prompt).toBe('1 7 30 22 5');
    expect(graph.nSelected).toBeGreaterThan(0);
    const { cache } = await model.runWithCache(prompt, ['blocks.1.attn.hook_pattern']);
    expect(cache['blocks.1.attn.hook_pattern']?.shape).toEqual([4, 5, 5]);
    const { activations } = await model.getActivations(prompt, { sparse: true });
    expect([...activations.indices]).toEqual([...graph.activeFeatures]);
    expect(model.tokenizer).toBeUndefined();
  });

  test.each<[string, Partial<ModelSpec>]>([
    [
      'layer norm, learned positions',
      { normalization: 'layerNorm', positionEmbedding: 'learned', rotary: [], mlp: 'plain' },
    ],
    ['parallel blocks', { normalization: 'layerNorm', parallelBlocks: true, postNorms: false, mlp: 'plain' }],
    [
      'experts and sinks',
      { mlp: 'experts', activation: 'gptOssGlu', nExperts: 4, nExpertsPerToken: 2, attentionSinks: true },
    ],
  ])('%s', async (_, change) => {
    await using model = await InMemoryModel.fromConfig({ ...spec, ...change }, transcoders, { device });
    expect((await model.attribute(prompt)).nSelected).toBeGreaterThan(0);
  });

  test('given weights are the ones used', async () => {
    const unembedding = new Float32Array(spec.dVocab * spec.dModel);
    await using model = await InMemoryModel.fromConfig(spec, transcoders, {
      device,
      weights: { 'unembed.W_U': unembedding },
    });
    expect((await model.forward(prompt)).data.every((logit) => logit === 0)).toBe(true);
  });

  test('refuses an inconsistent spec, wrong weights and unknown options', async () => {
    const load = (change: Partial<ModelSpec>, options = {}) =>
      InMemoryModel.fromConfig({ ...spec, ...change }, transcoders, options);
    await expectRejection(load({ dModel: 24 }), 'ERR_MODEL_MISMATCH', /24.*16/);
    await expectRejection(load({ nHeads: 0 }), 'ERR_INVALID_ARGUMENT', /spec\.nHeads/);
    await expectRejection(load({}, { weights: { W_U: new Float32Array(1) } }), 'ERR_WEIGHT', /W_U/);
    await expectRejection(load({}, { sead: 3 }), 'ERR_INVALID_ARGUMENT', /Did you mean 'seed'/);
    const weights = { 'ln_final.w': new Float32Array(16).fill(Number.NaN) };
    await expectRejection(load({}, { weights }), 'ERR_WEIGHT', /ln_final\.w/);
  });
});

describe('options', () => {
  let model: ReplacementModel;
  const text = 'My sister keeps the letters';
  beforeAll(async () => {
    model = await ReplacementModel.load(modelDir('gemma2'), transcoderDir('gemma2-clt-relu'), { device });
  });
  afterAll(() => model.dispose());

  test.each<AttributeOptions>([{ offload: 'cpu' }, { offload: 'disk' }, { verbose: true }])(
    '%p changes no number',
    async (options) => {
      const plain = await model.attribute(text);
      const other = await model.attribute(text, options);
      expectBitEqual('edges', other.edges, plain.edges);
      expect(other.settings.offload).toBe(options.offload ?? null);
      // The model is whole again for the next request.
      expectBitEqual('edges', (await model.attribute(text)).edges, plain.edges);
    },
  );

  test('offloading to disk leaves nothing behind, aborted or not', async () => {
    const own = () => readdirSync(tmpdir()).filter((name) => name.startsWith(`circuit-tracer-${process.pid}-`));
    await model.attribute(text, { offload: 'disk' });
    const controller = new AbortController();
    const onProgress = () => controller.abort();
    const run = model.attribute(text, { offload: 'disk', signal: controller.signal, onProgress });
    await expectRejection(run, 'ABORT_ERR', /aborted/);
    expect(own()).toEqual([]);
  });

  test('exactTokens puts nothing in front', async () => {
    const { tokens } = await model.getActivations([399, 498], { exactTokens: true });
    expect([...tokens]).toEqual([399, 498]);
    expect([...(await model.getActivations([399, 498])).tokens]).toEqual([2, 399, 498]);
  });
});

test('the threads of one model are not those of the next', async () => {
  const prompt = 'She counted 12 baskets of salt';
  const logits = async (threads?: number) => {
    await using model = await ReplacementModel.load(modelDir('llama8b'), transcoderDir('llama8b-plt-topk'), {
      device,
      ...(threads !== undefined && { threads }),
    });
    return (await model.forward(prompt)).data;
  };
  // Sums of one thread may differ from those of several in their last bits.
  const before = await logits();
  await logits(1);
  expectBitEqual('logits', await logits(), before);
});
