import { InMemoryModel, type ModelSpec, type TranscoderSpec } from '../../../lib';
import { EdgeCheck } from '../../support/edge-check';
import { testDevice } from '../../support/use-case';

type Sizes = Pick<ModelSpec, 'nLayers' | 'dModel' | 'nHeads' | 'nKeyValueHeads' | 'dHead' | 'dMlp' | 'dVocab'>;

const small: Sizes = { nLayers: 2, dModel: 8, nHeads: 2, nKeyValueHeads: 2, dHead: 4, dMlp: 16, dVocab: 16 };
const large: Sizes = { nLayers: 16, dModel: 64, nHeads: 8, nKeyValueHeads: 4, dHead: 16, dMlp: 128, dVocab: 128 };
const shortPrompt = [0, 3, 4, 3, 2, 5, 3, 8];
const longPrompt = [0, 113, 24, 53, 27];

function model(sizes: Sizes, more: Partial<ModelSpec>): ModelSpec {
  const perLayer = <T>(value: T) => Array.from({ length: sizes.nLayers }, () => value);
  const frequencies = Array.from({ length: sizes.dHead / 2 }, (_, i) => 10000 ** ((-2 * i) / sizes.dHead));
  return {
    ...sizes,
    family: 'in-memory',
    maxPositions: 64,
    normalization: 'rmsNorm',
    normEpsilon: 1e-6,
    postNorms: false,
    queryKeyNorm: false,
    parallelBlocks: false,
    positionEmbedding: 'rotary',
    mlp: 'gated',
    activation: 'silu',
    rotary: perLayer({ frequencies, attentionFactor: 1 }),
    attentionScale: perLayer(1 / Math.sqrt(sizes.dHead)),
    slidingWindow: perLayer(0),
    attentionSoftcap: 0,
    attentionSinks: false,
    nExperts: 0,
    nExpertsPerToken: 0,
    embeddingScale: 1,
    logitSoftcap: 0,
    ...more,
  };
}

const llama = (sizes: Sizes) => model(sizes, {});
const gemma = (sizes: Sizes) =>
  model(sizes, {
    postNorms: true,
    activation: 'geluTanh',
    attentionSoftcap: 50,
    logitSoftcap: 30,
    slidingWindow: Array.from({ length: sizes.nLayers }, (_, layer) => (layer % 2 === 0 ? 0 : 3)),
    embeddingScale: Math.sqrt(sizes.dModel),
  });

function transcoders({ nLayers, dModel }: Sizes, more: Partial<TranscoderSpec>): TranscoderSpec {
  return {
    kind: 'perLayer',
    nLayers,
    dModel,
    nFeatures: Array.from({ length: nLayers }, () => 4 * dModel),
    featureInputHook: 'mlp.hook_in',
    featureOutputHook: 'mlp.hook_out',
    activation: 'relu',
    k: 0,
    hasSkip: false,
    scan: 'random',
    modelName: '',
    ...more,
  };
}

const jumpRelu: Partial<TranscoderSpec> = { activation: 'jumprelu' };
const topK: Partial<TranscoderSpec> = { activation: 'topk', k: 4, hasSkip: true };
const crossLayer: Partial<TranscoderSpec> = {
  kind: 'crossLayer',
  featureInputHook: 'hook_resid_mid',
  featureOutputHook: 'hook_mlp_out',
};

test.each<[string, ModelSpec, Partial<TranscoderSpec>, number[]]>([
  ['a small Gemma, JumpReLU', gemma(small), jumpRelu, shortPrompt],
  ['a large Gemma, JumpReLU', gemma(large), jumpRelu, longPrompt],
  ['a small Llama, TopK with skip', llama(small), topK, shortPrompt],
  ['a large Llama, TopK with skip', llama(large), topK, longPrompt],
  ['a small Llama, across layers', llama(small), crossLayer, shortPrompt],
  ['a large Gemma, across layers', gemma(large), { ...crossLayer, ...jumpRelu }, longPrompt],
])('edges predict what interventions do: %s', async (_, spec, kind, prompt) => {
  await using built = await InMemoryModel.fromConfig(spec, transcoders(spec, kind), {
    device: testDevice,
    seed: 7,
    threads: 1,
  });
  const graph = await built.attribute(prompt);
  expect(graph.nSelected).toBeGreaterThan(0);
  const check = await EdgeCheck.of(built, graph);
  await check.errorsAndTokens();
  await check.features(100, 11);
});
