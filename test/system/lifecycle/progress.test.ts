import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  convertGraph,
  Graph,
  InMemoryModel,
  type ProgressListener,
  type PrunedGraph,
  ReplacementModel,
  verifyGraph,
  writeGraphFiles,
} from '../../../lib';
import { harvestFeatures } from '../../../lib/harvest';
import { convertTranscoders, Transcoders } from '../../../lib/transcoder';
import { expectRejection } from '../../support/expect-rejection';
import { modelDir, transcoderDir } from '../../support/fixtures';
import { ProgressLog } from '../../support/progress-log';
import { temporaryFolder } from '../../support/temporary-folder';

// Field faults, section 4: "phases forward, encode and prepare never report done = total; `forward` refuses `onProgress`";
// table b, row b4.

const prompt = 'She counted 12 baskets of salt';
const folder = temporaryFolder();

let model: ReplacementModel;
let transcoders: Transcoders;
let graph: Graph;
let pruned: PrunedGraph;
let inputs: Float32Array;
beforeAll(async () => {
  model = await ReplacementModel.load(modelDir('llama'), transcoderDir('llama-plt-relu-skip'), { device: 'cpu' });
  transcoders = await Transcoders.load(transcoderDir('llama-plt-relu-skip'), { device: 'cpu' });
  graph = await model.attribute(prompt);
  pruned = await graph.prune();
  inputs = (await model.setupAttribution(prompt)).featureInputs.data;
  await graph.save(join(folder, 'saved.safetensors'));
  await graph.save(join(folder, 'saved.pt'));
});
afterAll(async () => {
  await model.dispose();
  await transcoders.dispose();
});

type Call = (onProgress: ProgressListener) => Promise<unknown>;

const edit = { layer: 0, position: 2, feature: 1, value: 1 };

const calls: [string, readonly string[], Call][] = [
  ['forward', ['forward'], (onProgress) => model.forward(prompt, { onProgress })],
  ['runWithCache', ['forward'], (onProgress) => model.runWithCache(prompt, ['hook_embed'], { onProgress })],
  ['getActivations', ['forward', 'encode'], (onProgress) => model.getActivations(prompt, { onProgress })],
  [
    'getActivations of two prompts, sparse',
    ['forward', 'encode', 'forward', 'encode'],
    (onProgress) => model.getActivations([prompt, prompt], { sparse: true, onProgress }),
  ],
  ['setupAttribution', ['forward', 'encode'], (onProgress) => model.setupAttribution(prompt, { onProgress })],
  [
    'attribute',
    ['forward', 'encode', 'prepare', 'attribute'],
    (onProgress) => model.attribute(prompt, { onProgress, batchSize: 4 }),
  ],
  [
    'attribute to some features',
    ['forward', 'encode', 'prepare', 'attribute'],
    (onProgress) => model.attribute(prompt, { onProgress, batchSize: 2, maxFeatureNodes: 20, updateInterval: 1 }),
  ],
  ['intervene', ['forward'], (onProgress) => model.intervene(prompt, [edit], { onProgress })],
  [
    'generate',
    ['forward', 'generate'],
    (onProgress) => model.generate(prompt, { interventions: [edit], onProgress, maxNewTokens: 4 }),
  ],
  [
    'generate without a cache',
    ['forward', 'generate'],
    (onProgress) => model.generate(prompt, { onProgress, maxNewTokens: 3, kvCache: false }),
  ],
  ['featureLogits', ['feature logits'], (onProgress) => model.featureLogits(0, 2, { onProgress })],
  ['nodeInfluence', ['node influence'], (onProgress) => graph.nodeInfluence({ onProgress })],
  ['edgeInfluence', ['edge influence'], (onProgress) => graph.edgeInfluence({ onProgress })],
  ['totalEffects', ['total effects'], (onProgress) => graph.totalEffects({ onProgress })],
  ['scores', ['scores'], (onProgress) => graph.scores({ onProgress })],
  ['prune', ['prune'], (onProgress) => graph.prune({ onProgress })],
  [
    'verify',
    ['forward', 'encode', 'check edges', 'ablate features'],
    (onProgress) => verifyGraph(graph, model, { samples: 6, onProgress }),
  ],
  ['save', ['save'], (onProgress) => graph.save(join(folder, 'a.safetensors'), { onProgress })],
  ['save as .pt', ['save'], (onProgress) => graph.save(join(folder, 'a.pt'), { onProgress })],
  ['load', ['load'], (onProgress) => Graph.load(join(folder, 'saved.safetensors'), { onProgress })],
  ['load of a .pt', ['load'], (onProgress) => Graph.load(join(folder, 'saved.pt'), { onProgress })],
  [
    'writeGraphFiles',
    ['prune', 'write'],
    (onProgress) => writeGraphFiles(graph, { slug: 'one', directory: folder, onProgress }),
  ],
  [
    'writeGraphFiles of a pruned graph',
    ['write'],
    (onProgress) => writeGraphFiles(pruned, { slug: 'two', directory: folder, onProgress }),
  ],
  [
    'convertGraph',
    ['load', 'prune', 'write'],
    (onProgress) => convertGraph(join(folder, 'saved.pt'), join(folder, 'three.json'), { onProgress }),
  ],
  [
    'ReplacementModel.load',
    ['load model', 'load transcoders'],
    async (onProgress) =>
      (await ReplacementModel.load(modelDir('gpt2'), transcoderDir('gpt2-plt-relu'), { onProgress })).dispose(),
  ],
  [
    'fromConfig',
    ['load model', 'load transcoders'],
    async (onProgress) => (await InMemoryModel.fromConfig(model.spec, model.transcoderSpec, { onProgress })).dispose(),
  ],
  [
    'Transcoders.load',
    ['load transcoders'],
    async (onProgress) => (await Transcoders.load(transcoderDir('gpt2-plt-relu'), { onProgress })).dispose(),
  ],
  ['encode', ['encode'], (onProgress) => transcoders.encode(inputs, { onProgress })],
  [
    'encodeLayer',
    ['encode'],
    (onProgress) => transcoders.encodeLayer(inputs.subarray(0, model.spec.dModel), 0, { onProgress }),
  ],
  ['encodeSparse', ['encode'], (onProgress) => transcoders.encodeSparse(inputs, { onProgress })],
  ['reconstruct', ['encode', 'decode'], (onProgress) => transcoders.reconstruct(inputs, { onProgress })],
  ['decoderVectors', ['decoder vectors'], (onProgress) => transcoders.decoderVectors(0, [1, 2], { onProgress })],
  ['encoderVectors', ['encoder vectors'], (onProgress) => transcoders.encoderVectors(0, [1, 2], { onProgress })],
  [
    'convertTranscoders',
    ['convert'],
    (onProgress) => convertTranscoders(transcoderDir('gpt2-plt-relu'), join(folder, 'converted'), { onProgress }),
  ],
];

test.each(calls)('%s: phases begin at 0 and end at their total', async (_, phases, call) => {
  const log = new ProgressLog();
  await call(log.listener);
  log.expectWhole();
  expect(log.phases).toEqual(phases);
});

test('a harvest reports progress in phases', async () => {
  const text = join(folder, 'corpus.txt');
  await writeFile(text, 'the old ferry crosses the river\nShe counted 12 baskets of salt\n');
  const log = new ProgressLog();
  const out = join(folder, 'features');
  await harvestFeatures(model, { text, out, context: 16, onProgress: log.listener });
  log.expectWhole();
  expect(log.phases).toEqual(['harvest', 'examples']);
});

test('a listener that throws stops nothing', async () => {
  const onProgress = () => {
    throw new Error('not my fault');
  };
  const options = { samples: 2, onProgress };
  expect((await verifyGraph(graph, model, options)).frozen.passed).toBe(true);
  expect((await model.generate(prompt, { maxNewTokens: 2, onProgress })).newTokens.length).toBe(2);
  await graph.save(join(folder, 'b.safetensors'), { onProgress });
  expect((await Graph.load(join(folder, 'b.safetensors'), { onProgress })).nSelected).toBe(graph.nSelected);
});

test.each(['a.safetensors', 'a.pt'])(
  'saving and loading %s stop when asked, and leave no file behind',
  async (name) => {
    const path = join(folder, `aborted-${name}`);
    const controller = new AbortController();
    const onProgress = () => controller.abort();
    await expectRejection(graph.save(path, { signal: controller.signal, onProgress }), 'ABORT_ERR', /aborted/);
    expect(existsSync(path)).toBe(false);
    await graph.save(path);
    const again = new AbortController();
    const loading = Graph.load(path, { signal: again.signal, onProgress: () => again.abort() });
    await expectRejection(loading, 'ABORT_ERR', /aborted/);
  },
);
