import {
  CircuitTracerError,
  type Graph,
  InMemoryModel,
  type ModelSpec,
  type TranscoderSpec,
  verifyGraph,
} from '../../../lib';
import type { Progress } from '../../../lib/types';
import { randomGraph } from '../../support/random-graph';

// Field faults, section 4: "Aborting a running call of a 12-layer model took up to 2.3 s"; table b, row b2. One layer, so that
// what is polled between layers alone isn't polled at all, and products so long that they are computed in blocks.

const nLayers = 1;
const dVocab = 45_000;
const rotary = { frequencies: Array.from({ length: 32 }, (_, i) => 0.8 ** i), attentionFactor: 1 };
const spec: ModelSpec = {
  family: 'in-memory',
  nLayers,
  dModel: 64,
  nHeads: 64,
  nKeyValueHeads: 8,
  dHead: 64,
  dMlp: 128,
  dVocab,
  maxPositions: 400,
  normalization: 'rmsNorm',
  normEpsilon: 1e-6,
  postNorms: false,
  queryKeyNorm: false,
  parallelBlocks: false,
  positionEmbedding: 'rotary',
  rotary: [rotary],
  attentionScale: [0.125],
  attentionSoftcap: 20,
  slidingWindow: [150],
  attentionSinks: false,
  mlp: 'gated',
  activation: 'silu',
  nExperts: 0,
  nExpertsPerToken: 0,
  embeddingScale: 1,
  logitSoftcap: 30,
};
const set: TranscoderSpec = {
  kind: 'perLayer',
  nLayers,
  dModel: 64,
  nFeatures: [45_000],
  activation: 'topk',
  k: 6,
  hasSkip: true,
  featureInputHook: 'hook_resid_mid',
  featureOutputHook: 'hook_mlp_out',
  scan: 'test',
  modelName: '',
};
const tokens = Array.from({ length: 400 }, (_, i) => (37 * i + 5) % dVocab);
const exactTokens = true;

let model: InMemoryModel;
beforeAll(async () => {
  model = await InMemoryModel.fromConfig(spec, set, { device: 'cpu', threads: 1, seed: 5 });
});
afterAll(() => model.dispose());

type Call = (options: { signal: AbortSignal; onProgress: (progress: Progress) => void }) => Promise<unknown>;

/** Aborts a call once it has begun a phase; tells what it rejects with. On a busy machine a call may end before it is told. */
async function codeOfAborted(phase: string, call: Call): Promise<string | undefined> {
  for (let attempt = 0; attempt < 5; attempt++) {
    const controller = new AbortController();
    const onProgress = (progress: Progress) => {
      if (progress.phase === phase) controller.abort();
    };
    const outcome = await call({ signal: controller.signal, onProgress }).catch((error: CircuitTracerError) => error);
    if (outcome instanceof CircuitTracerError) return outcome.code;
  }
  return undefined;
}

const long: [string, string, Call][] = [
  ['forward', 'forward', (options) => model.forward(tokens, { exactTokens, ...options })],
  ['getActivations', 'encode', (options) => model.getActivations(tokens, { exactTokens, ...options })],
  ['setupAttribution', 'encode', (options) => model.setupAttribution(tokens, { exactTokens, ...options })],
  ['intervene', 'forward', (options) => model.intervene(tokens, [], { exactTokens, ...options })],
  ['featureLogits', 'feature logits', (options) => model.featureLogits(0, 5, options)],
  [
    'attribute, all of it one batch',
    'attribute',
    (options) => model.attribute(tokens, { exactTokens, maxFeatureNodes: 16, ...options }),
  ],
];

test.each(long)('%s stops inside a layer or batch', async (_, phase, call) => {
  expect(await codeOfAborted(phase, call)).toBe('ABORT_ERR');
});

describe('of a large graph', () => {
  let graph: Graph;
  beforeAll(() => {
    graph = randomGraph(3000);
  });

  test.each([
    ['prune', 'prune', (options) => graph.prune(options)],
    ['nodeInfluence', 'node influence', (options) => graph.nodeInfluence(options)],
    ['edgeInfluence', 'edge influence', (options) => graph.edgeInfluence(options)],
    ['totalEffects', 'total effects', (options) => graph.totalEffects(options)],
    ['scores', 'scores', (options) => graph.scores(options)],
  ] as [string, string, Call][])('%s stops', async (_, phase, call) => {
    expect(await codeOfAborted(phase, call)).toBe('ABORT_ERR');
  });
});

describe('what is computed in blocks', () => {
  const few = tokens.slice(0, 40);

  test('gives the logits and activations of a prompt that is computed at once', async () => {
    const whole = await model.getActivations(tokens, { exactTokens, sparse: true });
    const start = await model.getActivations(few, { exactTokens, sparse: true });
    expectClose(whole.logits.data.subarray(0, few.length * dVocab), start.logits.data);
    const values = start.activations.values;
    expect(whole.activations.indices.subarray(0, 3 * values.length)).toEqual(start.activations.indices);
    expectClose(whole.activations.values.subarray(0, values.length), values);
  });

  test('gives edges that match the frozen model', async () => {
    const graph = await model.attribute(tokens, { exactTokens, maxFeatureNodes: 12, maxNLogits: 2 });
    const { frozen } = await verifyGraph(graph, model, { samples: 1 });
    expect(frozen.passed).toBe(true);
  });
});

function expectClose(found: Float32Array, expected: Float32Array): void {
  expect(found.length).toBe(expected.length);
  const largest = expected.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
  const worst = expected.reduce((max, value, i) => Math.max(max, Math.abs(value - (found[i] as number))), 0);
  // Sums of up to 4,096 products in float32.
  expect(worst / largest).toBeLessThan(1e-5);
}
