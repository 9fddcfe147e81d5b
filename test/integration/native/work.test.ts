import { type Graph, InMemoryModel, type ModelSpec, type TranscoderSpec } from '../../../lib';
import { attributionMemory } from '../../../lib/memory/attribution-memory';
import { countWork, type Work } from '../../support/count-work';
import { neededFlops } from '../../support/needed-flops';

// The engine does no work that it could leave out. It is counted, not timed: a busy machine changes nothing.

const nLayers = 5;
const rotary = { frequencies: Array.from({ length: 32 }, (_, i) => 0.5 ** i), attentionFactor: 1 };
const spec: ModelSpec = {
  family: 'in-memory',
  nLayers,
  dModel: 256,
  nHeads: 4,
  nKeyValueHeads: 2,
  dHead: 64,
  dMlp: 512,
  dVocab: 300,
  maxPositions: 64,
  normalization: 'rmsNorm',
  normEpsilon: 1e-6,
  postNorms: true,
  queryKeyNorm: false,
  parallelBlocks: false,
  positionEmbedding: 'rotary',
  rotary: Array.from({ length: nLayers }, () => rotary),
  attentionScale: Array.from({ length: nLayers }, () => 0.125),
  attentionSoftcap: 0,
  slidingWindow: Array.from({ length: nLayers }, () => 0),
  attentionSinks: false,
  mlp: 'gated',
  activation: 'geluTanh',
  nExperts: 0,
  nExpertsPerToken: 0,
  embeddingScale: 1,
  logitSoftcap: 0,
};
const prompt = Array.from({ length: 32 }, (_, i) => (37 * i + 5) % 300);

function transcoders(kind: TranscoderSpec['kind'], hasSkip: boolean): TranscoderSpec {
  return {
    kind,
    nLayers,
    dModel: 256,
    nFeatures: Array.from({ length: nLayers }, () => 512),
    activation: 'topk',
    k: 12,
    hasSkip,
    featureInputHook: 'hook_resid_mid',
    featureOutputHook: 'hook_mlp_out',
    scan: 'test',
    modelName: '',
  };
}

describe.each([
  ['perLayer', false],
  ['perLayer', true],
  ['crossLayer', false],
  ['crossLayer', true],
] as const)('%s, skip %p', (kind, hasSkip) => {
  const set = transcoders(kind, hasSkip);
  const shape = {
    layers: nLayers,
    positions: prompt.length,
    width: spec.dModel,
    heads: spec.nHeads,
    vocab: spec.dVocab,
    kvHeads: spec.nKeyValueHeads,
    headWidth: spec.dHead,
    mlp: spec.dMlp,
    features: 512,
    crossLayer: kind === 'crossLayer',
    skip: hasSkip,
  };
  let model: InMemoryModel;
  let setup: Work;
  beforeAll(async () => {
    model = await InMemoryModel.fromConfig(spec, set, { device: 'cpu', threads: 1, seed: 5 });
    setup = await countWork(() => model.setupAttribution(prompt, { exactTokens: true }));
  });
  afterAll(() => model.dispose());

  async function attributed(options: { maxFeatureNodes?: number; batchSize?: number }) {
    let graph: Graph | undefined;
    const work = await countWork(async () => {
      graph = await model.attribute(prompt, { exactTokens: true, ...options });
    });
    return { graph: graph as Graph, work };
  }

  test.each([{}, { batchSize: 64 }, { batchSize: 8, maxFeatureNodes: 500 }, { maxFeatureNodes: 50 }])(
    'the rows of %o take the operations that the formula counts, and the prompt runs once',
    async (options) => {
      const { graph, work } = await attributed(options);
      const needed = neededFlops(graph, shape);
      const ratio = (work.flops - setup.flops) / (needed['target rows'] + needed['feature rows']);
      // More is what rows are padded with in mixing, and the upper half of a block of patterns.
      expect(ratio).toBeGreaterThan(1);
      expect(ratio).toBeLessThan(1.15);
    },
  );

  test('tensors take the memory that is promised, and are allocated for a batch, not for its rows', async () => {
    const few = await attributed({ maxFeatureNodes: 100, batchSize: 64 });
    const many = await attributed({ maxFeatureNodes: 1600, batchSize: 64 });
    for (const { graph, work } of [few, many]) {
      const activePerToken = graph.nActive / prompt.length / nLayers;
      const size = {
        tokens: prompt.length,
        batchSize: 64,
        maxFeatureNodes: graph.nSelected,
        activePerToken,
        threads: 1,
      };
      const { localModel, perBatch } = attributionMemory(spec, set, size);
      expect(work.peakBytes).toBeLessThan(1.1 * (localModel + perBatch));
    }
    // Indices, and what rows that enter bring with them; buffers and views are used again. 32 rows are a batch here.
    const batches = (many.graph.nSelected - few.graph.nSelected) / 32;
    expect((many.work.allocations - few.work.allocations) / batches).toBeLessThan(10 * nLayers);
  });
});
