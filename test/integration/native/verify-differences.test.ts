import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import {
  Graph,
  InMemoryModel,
  type ModelSpec,
  type ModelWithTranscoders,
  ReplacementModel,
  setLogger,
  type TranscoderSpec,
  verifyGraph,
  writeGraphFiles,
} from '../../../lib';
import { Palette } from '../../../lib/cli/render/text';
import { renderVerify } from '../../../lib/cli/render/verify';
import { expectRejection } from '../../support/expect-rejection';
import { modelDir, transcoderDir } from '../../support/fixtures';
import { copyOf, temporaryFolder } from '../../support/temporary-folder';
import { testDevice } from '../../support/use-case';

// Field faults, section 4: "`verify` with other transcoders than the graph's prints FAILED and not the reason"; d2, d17.

const prompt = 'She counted 12 baskets of salt';
const options = { device: testDevice, threads: 1 } as const;
const llama = modelDir('llama');
const relu = transcoderDir('llama-plt-relu-skip');
const loaded: ModelWithTranscoders[] = [];

async function load(model = llama, set = relu, more: object = {}): Promise<ReplacementModel> {
  const result = await ReplacementModel.load(model, set, { ...options, ...more });
  loaded.push(result);
  return result;
}

let graph: Graph;
let file: string;
beforeAll(async () => {
  graph = await (await load()).attribute(prompt);
  file = path.join(temporaryFolder(), 'g.safetensors');
  await graph.save(file);
});
afterAll(async () => {
  for (const model of loaded) await model.dispose();
});

async function text(made: Graph, model: ModelWithTranscoders, samples = 8): Promise<string> {
  const report = await verifyGraph(made, model, { samples });
  return renderVerify(report, new Palette({})).join('\n');
}

test('a graph holds fingerprints, in .safetensors files and graph files; .pt has no place for them', async () => {
  const { fingerprints } = loaded[0] as ReplacementModel;
  expect(fingerprints.model).toMatch(/^1:[0-9a-f]{16}-[0-9a-f]{16}$/);
  const kept = { modelFingerprint: fingerprints.model, transcoderFingerprint: fingerprints.transcoders };
  expect(graph.settings).toMatchObject(kept);
  expect((await Graph.load(file)).settings).toMatchObject(kept);
  const folder = temporaryFolder();
  await writeGraphFiles(graph, { slug: 'g', directory: folder });
  expect(JSON.parse(readFileSync(path.join(folder, 'g.json'), 'utf8')).metadata.generation_settings).toMatchObject({
    model_fingerprint: fingerprints.model,
    transcoder_fingerprint: fingerprints.transcoders,
  });
});

test('the same model in another folder, loaded in another way, differs in nothing', async () => {
  const moved = await load(copyOf(llama), copyOf(relu), { lazyEncoder: true, lazyDecoder: false, lazyWeights: true });
  const report = await verifyGraph(await Graph.load(file), moved, { samples: 32 });
  expect(report.differences).toEqual([]);
  expect(report.frozen.passed).toBe(true);
});

test('other weights of the model are named before FAILED', async () => {
  const folder = copyOf(llama);
  scaleHalf(path.join(folder, 'model.safetensors'));
  const other = await load(folder);
  const report = await verifyGraph(graph, other, { samples: 8 });
  expect(report.frozen.passed).toBe(false);
  expect(report.differences).toMatchObject([{ what: 'model', message: expect.stringMatching(/other weights/) }]);
  expect(await text(graph, other)).toMatch(/^Differs +The graph was made with other weights.*FAILED: these differ/ms);
});

test('other transcoders, and other weights of the same ones', async () => {
  const skip = copyOf(relu);
  scaleHalf(path.join(skip, 'layer_1.safetensors'));
  const changed = await verifyGraph(graph, await load(llama, skip), { samples: 8 });
  expect(changed.differences).toMatchObject([{ what: 'transcoders', message: expect.stringMatching(/other weights/) }]);
  const demo = await load('demo', 'demo');
  const made = await demo.attribute('Fact: the capital of the state containing Dallas is', { maxFeatureNodes: 100 });
  const cross = await load('demo', 'demo-cross-layer');
  const report = await verifyGraph(made, cross, { samples: 4 });
  expect(report.differences).toMatchObject([
    { what: 'transcoders', message: 'The graph was made with other transcoders: demo; these are demo-cross-layer.' },
  ]);
});

test('without fingerprints, as in a .pt file, names are compared', async () => {
  const folder = temporaryFolder();
  await graph.save(path.join(folder, 'g.pt'));
  const old = await Graph.load(path.join(folder, 'g.pt'));
  const [model] = loaded as [ReplacementModel];
  expect((await verifyGraph(old, model, { samples: 2 })).differences).toEqual([]);
  const renamed = new Graph({ ...(old as Graph), scan: 'org/other', model: { ...old.model, modelName: 'org/gpt' } });
  expect((await verifyGraph(renamed, model, { samples: 2 })).differences).toMatchObject([
    { what: 'model', message: expect.stringMatching(/names another model: org\/gpt; this one is .*no fingerprint/) },
    { what: 'transcoders', message: expect.stringMatching(/names other transcoders: org\/other.*no fingerprint/) },
  ]);
  const unnamed = new Graph({ ...(old as Graph), scan: '', model: { ...old.model, modelName: '' } });
  expect((await verifyGraph(unnamed, model, { samples: 2 })).differences).toEqual([]);
});

test('another dtype is named, and that its rounding exceeds the tolerance', async () => {
  const half = await load(llama, relu, { dtype: 'bfloat16' });
  const report = await verifyGraph(graph, half, { samples: 4 });
  expect(report.differences).toMatchObject([
    { what: 'dtype', message: 'The graph was made in float32; this model computes in bfloat16.' },
  ]);
  expect(report.remarks).toContainEqual(expect.stringMatching(/^In bfloat16 .*not errors of the graph\.$/));
});

test('few samples are said, and what the correlation is', async () => {
  const [model] = loaded as [ReplacementModel];
  const few = await verifyGraph(graph, model, { samples: 8 });
  expect(few.remarks).toContainEqual(expect.stringMatching(/^Only 4 features were ablated\. Below 10 .*chance/));
  expect(await text(graph, model)).toMatch(/^Note +Only 4 features.*Rank correlation.*\n +1 means that the graph/ms);
  const many = await verifyGraph(graph, model, { samples: 64 });
  expect(many.remarks).not.toContainEqual(expect.stringMatching(/^Only/));
});

describe('in memory', () => {
  const rotary = { frequencies: [1, 0.1], attentionFactor: 1 };
  const spec: ModelSpec = {
    family: 'in-memory',
    nLayers: 2,
    dModel: 8,
    nHeads: 2,
    nKeyValueHeads: 2,
    dHead: 4,
    dMlp: 16,
    dVocab: 30,
    maxPositions: 32,
    normalization: 'rmsNorm',
    normEpsilon: 1e-6,
    postNorms: false,
    queryKeyNorm: false,
    parallelBlocks: false,
    positionEmbedding: 'rotary',
    rotary: [rotary, rotary],
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
  const set: TranscoderSpec = {
    kind: 'perLayer',
    nLayers: 2,
    dModel: 8,
    nFeatures: [24, 24],
    activation: 'relu',
    k: 0,
    hasSkip: false,
    featureInputHook: 'mlp.hook_in',
    featureOutputHook: 'hook_mlp_out',
    scan: 'made',
    modelName: 'some-model',
  };
  const tokens = [1, 5, 9, 13, 2, 7];

  test('another seed is another model and other transcoders; the same one is the same', async () => {
    const models = [];
    for (const seed of [3, 3, 4]) models.push(await InMemoryModel.fromConfig(spec, set, { ...options, seed }));
    loaded.push(...models);
    const [first, same, other] = models as [InMemoryModel, InMemoryModel, InMemoryModel];
    const made = await first.attribute(tokens);
    expect((await verifyGraph(made, same, { samples: 4 })).differences).toEqual([]);
    const { differences } = await verifyGraph(made, other, { samples: 4 });
    expect(differences.map(({ what }) => what)).toEqual(['model', 'transcoders']);
    const wider = { ...set, nFeatures: [3, 3] };
    const small = await InMemoryModel.fromConfig(spec, wider, { ...options, seed: 3 });
    loaded.push(small);
    await expectRejection(
      verifyGraph(made, small),
      'ERR_MODEL_MISMATCH',
      /3 features\. The graph was made with other transcoders/,
    );
  });

  test('transcoders of another model are a warning of attribute and a remark of verify', async () => {
    const warnings: string[] = [];
    setLogger({ warn: (text: string) => warnings.push(text), info: () => undefined } as never);
    const model = await InMemoryModel.fromConfig(spec, set, { ...options, seed: 5 });
    loaded.push(model);
    const made = await model.attribute(tokens);
    const warning =
      /^The reconstruction is worse than the mean of the outputs in layers 0, 1 .*Likely cause: .*made for some-model/;
    expect(warnings).toContainEqual(expect.stringMatching(warning));
    expect((await verifyGraph(made, model, { samples: 2 })).remarks).toContainEqual(expect.stringMatching(warning));
  });
});

/** Halve the numbers of the second half of a float32 file. */
function scaleHalf(path_: string): void {
  const bytes = readFileSync(path_);
  const header = 8 + Number(bytes.readBigUInt64LE());
  for (let at = header + Math.floor((bytes.length - header) / 8) * 4; at + 4 <= bytes.length; at += 4) {
    bytes.writeFloatLE(bytes.readFloatLE(at) / 2, at);
  }
  writeFileSync(path_, bytes);
}
