import {
  convertGraph,
  Graph,
  graphJson,
  graphJsonStream,
  InMemoryModel,
  openFeatureSource,
  ReplacementModel,
  verifyGraph,
  writeGraphFiles,
} from '../../../lib';
import { harvestFeatures } from '../../../lib/harvest';
import { estimateMemory } from '../../../lib/memory';
import { convertTranscoders, planTranscoders, Transcoders } from '../../../lib/transcoder';
import { expectRejection } from '../../support/expect-rejection';
import { modelDir, transcoderDir } from '../../support/fixtures';

// House, D4: `featureLogits` throws synchronously and takes misspelt options. So may its siblings: every call that gives a
// promise rejects instead, and refuses a name it doesn't know.

const prompt = 'She counted 12 baskets of salt';
// biome-ignore lint/suspicious/noExplicitAny: options of the wrong shape are the point
type Any = any;

let model: ReplacementModel;
let transcoders: Transcoders;
let graph: Graph;
let pruned: Awaited<ReturnType<Graph['prune']>>;
beforeAll(async () => {
  model = await ReplacementModel.load(modelDir('llama'), transcoderDir('llama-plt-relu-skip'), { device: 'cpu' });
  transcoders = await Transcoders.load(transcoderDir('llama-plt-relu-skip'), { device: 'cpu' });
  graph = await model.attribute(prompt);
  pruned = await graph.prune();
});
afterAll(async () => {
  await model.dispose();
  await transcoders.dispose();
});

const inputs = () => new Float32Array(model.spec.nLayers * 2 * model.spec.dModel);
const none = () => ({ indices: new Int32Array(0), values: new Float32Array(0), shape: [model.spec.nLayers, 2, 1] });
const here = () => ({ slug: 'x', directory: '/nonexistent' });

const takesOptions: [string, (options: Any) => Promise<unknown>][] = [
  ['ReplacementModel.load', (options) => ReplacementModel.load('demo', undefined, options)],
  ['InMemoryModel.fromConfig', (o) => InMemoryModel.fromConfig(model.spec, model.transcoderSpec, o)],
  ['attribute', (options) => model.attribute(prompt, options)],
  ['setupAttribution', (options) => model.setupAttribution(prompt, options)],
  ['forward', (options) => model.forward(prompt, options)],
  ['runWithCache', (options) => model.runWithCache(prompt, [], options)],
  ['getActivations', (options) => model.getActivations(prompt, options)],
  ['featureLogits', (options) => model.featureLogits(0, 1, options)],
  ['intervene', (options) => model.intervene(prompt, [], options)],
  ['generate', (options) => model.generate(prompt, options)],
  ['generateStream', (options) => model.generateStream(prompt, options).next()],
  ['Graph.load', (options) => Graph.load('nowhere.safetensors', options)],
  ['save', (options) => graph.save('/nonexistent/x.safetensors', options)],
  ['toBuffer', (options) => graph.toBuffer(options)],
  ['Graph.fromBuffer', (options) => Graph.fromBuffer(new Uint8Array(), options)],
  ['prune', (options) => graph.prune(options)],
  ['nodeInfluence', (options) => graph.nodeInfluence(options)],
  ['edgeInfluence', (options) => graph.edgeInfluence(options)],
  ['totalEffects', (options) => graph.totalEffects(options)],
  ['scores', (options) => graph.scores(options)],
  ['verify', (options) => verifyGraph(graph, model, options)],
  ['verifyGraph', (options) => verifyGraph(graph, model, options)],
  ['writeGraphFiles', (options) => writeGraphFiles(graph, { ...here(), ...options })],
  ['writeGraphFiles of a pruned graph', (options) => writeGraphFiles(pruned, { ...here(), ...options })],
  ['graphJson', (options) => graphJson(graph, options)],
  ['graphJsonStream', (options) => graphJsonStream(pruned, options)],
  ['topFeatures', (options) => pruned.topFeatures(1, options)],
  ['convertGraph', (options) => convertGraph('nowhere.pt', 'there.json', options)],
  ['convertTranscoders', (options) => convertTranscoders('nowhere', 'there', options)],
  ['harvestFeatures', (options) => harvestFeatures(model, { text: 'a.txt', out: 'b', ...options })],
  ['planTranscoders', (options) => planTranscoders('nowhere', options)],
  ['Transcoders.load', (options) => Transcoders.load('demo', options)],
  ['encode', (options) => transcoders.encode(inputs(), options)],
  ['encodeLayer', (options) => transcoders.encodeLayer(inputs(), 0, options)],
  ['encodeSparse', (options) => transcoders.encodeSparse(inputs(), options)],
  ['decode', (options) => transcoders.decode(none(), inputs(), options)],
  ['reconstruct', (options) => transcoders.reconstruct(inputs(), options)],
  ['decoderVectors', (options) => transcoders.decoderVectors(0, [0], options)],
  ['encoderVectors', (options) => transcoders.encoderVectors(0, [0], options)],
  ['scaledDecoderVectors', (options) => transcoders.scaledDecoderVectors(none(), options)],
];

test.each(takesOptions)('%s rejects for a misspelt option', async (_, call) => {
  await expectRejection(call({ sgnal: AbortSignal.abort() }), 'ERR_INVALID_ARGUMENT', /sgnal/);
});

test.each(takesOptions)('%s rejects for a signal and a listener that are none', async (_, call) => {
  await expectRejection(call({ signal: 'now' }), 'ERR_INVALID_ARGUMENT', /signal/);
  await expectRejection(call({ onProgress: 'print' }), 'ERR_INVALID_ARGUMENT', /onProgress/);
});

const wrong: [string, () => Promise<unknown>][] = [
  ['featureLogits', () => model.featureLogits(99, 1)],
  ['featureLogits of no count', () => model.featureLogits(0, 0)],
  ['attribute', () => model.attribute(-1 as Any)],
  ['generate', () => model.generate(prompt, { maxNewTokens: -1 })],
  [
    'generateStream',
    () => model.generateStream(prompt, { interventions: [{ layer: 99, position: 0, feature: 0, value: 0 }] }).next(),
  ],
  ['intervene', () => model.intervene(prompt, [{ layer: 99, position: 0, feature: 0, value: 0 }])],
  ['getActivations', () => model.getActivations(undefined as Any)],
  ['topFeatures', () => pruned.topFeatures(-1)],
  ['Graph.fromBuffer', () => Graph.fromBuffer(undefined as Any)],
  ['graphJson', () => graphJson(graph, { slug: '/' })],
  ['openFeatureSource', () => openFeatureSource(7 as Any)],
  ['decoderVectors', () => transcoders.decoderVectors(99)],
  ['decodeLayer', () => transcoders.decodeLayer(undefined as Any, 99)],
  ['save', () => graph.save(undefined as Any)],
  ['Graph.load', () => Graph.load(undefined as Any)],
  ['estimateMemory', () => estimateMemory({ model: 'demo' }, { sgnal: 1 } as Any)],
];

test.each(wrong)('%s rejects for a wrong argument', async (_, call) => {
  await expect(call()).rejects.toMatchObject({ name: 'CircuitTracerError' });
});
