import { type Graph, type ModelSpec, ReplacementModel, type TranscoderSpec } from '../../lib';
import { attributionMemory } from '../../lib/memory/attribution-memory';
import { countWork, type Work } from '../support/count-work';
import { neededFlops } from '../support/needed-flops';

// The engine does no work it could leave out: counted, not timed, so that a busy machine changes nothing.

const nLayers = 5;
const rotary = { frequencies: Array.from({ length: 32 }, (_, i) => 0.5 ** i), attentionFactor: 1 };
const spec: ModelSpec = {
  ...{ family: 'in-memory', nLayers, dModel: 256, nHeads: 4, nKeyValueHeads: 2, dHead: 64, dMlp: 512, dVocab: 300 },
  ...{ maxPositions: 64, normalization: 'rmsNorm', normEpsilon: 1e-6, postNorms: true, queryKeyNorm: false },
  ...{ parallelBlocks: false, positionEmbedding: 'rotary', rotary: Array.from({ length: nLayers }, () => rotary) },
  ...{ attentionScale: Array.from({ length: nLayers }, () => 0.125), attentionSoftcap: 0 },
  ...{ slidingWindow: Array.from({ length: nLayers }, () => 0), attentionSinks: false, mlp: 'gated' },
  ...{ activation: 'geluTanh', nExperts: 0, nExpertsPerToken: 0, embeddingScale: 1, logitSoftcap: 0 },
};
const prompt = Array.from({ length: 32 }, (_, i) => (37 * i + 5) % 300);

function transcoders(kind: TranscoderSpec['kind'], hasSkip: boolean): TranscoderSpec {
  return {
    ...{ kind, nLayers, dModel: 256, nFeatures: Array.from({ length: nLayers }, () => 512), activation: 'topk', k: 12 },
    ...{ hasSkip, featureInputHook: 'hook_resid_mid', featureOutputHook: 'hook_mlp_out', scan: 'test', modelName: '' },
  };
}

describe.each([
  ['perLayer', false],
  ['perLayer', true],
  ['crossLayer', false],
  ['crossLayer', true],
] as const)('%s, skip %p', (kind, hasSkip) => {
  const set = transcoders(kind, hasSkip);
  const size = {
    ...{ layers: nLayers, positions: prompt.length, width: spec.dModel, heads: spec.nHeads, vocab: spec.dVocab },
    ...{ kvHeads: spec.nKeyValueHeads, headWidth: spec.dHead, mlp: spec.dMlp, features: 512 },
    ...{ crossLayer: kind === 'crossLayer', skip: hasSkip },
  };
  let model: ReplacementModel;
  let setup: Work;
  beforeAll(async () => {
    model = await ReplacementModel.fromConfig(spec, set, { device: 'cpu', threads: 1, seed: 5 });
    setup = await countWork(() => model.setupAttribution(prompt, { exactTokens: true }));
  });
  afterAll(() => model.dispose());

  async function attributed(options: { maxFeatureNodes?: number; batchSize?: number }) {
    let graph: Graph | undefined;
    const work = await countWork(async () => {
      graph = await model.attribute(prompt, { exactTokens: true, ...options });
    });
    const flops = neededFlops(graph as Graph, size);
    const needed = flops['target rows'] + flops['feature rows'];
    return { graph: graph as Graph, work, needed, ratio: (work.flops - setup.flops) / needed };
  }

  test('print', async () => {
    for (const options of [{}, { maxFeatureNodes: 500 }, { maxFeatureNodes: 50 }, { maxFeatureNodes: 1 }, { batchSize: 64 }, {batchSize: 8, maxFeatureNodes: 500}]) {
      const { graph, work, ratio } = await attributed(options);
      const promised = attributionMemory(spec, set, { tokens: 32, batchSize: options.batchSize ?? 512, activePerToken: graph.nActive / 32 / nLayers, maxFeatureNodes: options.maxFeatureNodes ?? Infinity });
      console.log(kind, hasSkip, options, graph.nActive, graph.nSelected, ratio, work, setup, promised);
    }
  });
});
