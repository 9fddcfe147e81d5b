import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Graph, ReplacementModel, writeGraphFiles } from '../../../lib';
import { expectBitEqual } from '../../support/compare';
import { expectRejection } from '../../support/expect-rejection';
import { modelDir, transcoderDir } from '../../support/fixtures';
import { temporaryFolder } from '../../support/temporary-folder';
import { testDevice } from '../../support/use-case';

let model: ReplacementModel;
let graph: Graph;
const prompt = 'She counted 12 baskets of salt';

beforeAll(async () => {
  model = await ReplacementModel.load(modelDir('llama'), transcoderDir('llama-plt-relu-skip'), { device: testDevice });
  graph = await model.attribute(prompt);
});
afterAll(() => model.dispose());

afterEach(async () => {
  const again = await model.attribute(prompt);
  expectBitEqual('the next request', again.edges, graph.edges);
});

/** For arguments that TypeScript wouldn't let pass. */
// biome-ignore lint/suspicious/noExplicitAny: wrong types are the subject
const wrong = (value: unknown): any => value;

describe('prompts', () => {
  test.each([
    ['no text', ''],
    ['no tokens', []],
  ])('%s', async (_, empty) => {
    await expectRejection(model.attribute(empty), 'ERR_INVALID_PROMPT', /token/);
    await expectRejection(model.forward(empty), 'ERR_INVALID_PROMPT', /token/);
  });

  test.each([
    ['below zero', [500, -1]],
    ['at the size of the vocabulary', [500, 503]],
    ['far beyond', [500, 2 ** 40]],
    ['not whole', [500, 1.5]],
    ['not a number', [500, Number.NaN]],
    ['infinite', [500, Number.POSITIVE_INFINITY]],
    ['a string', wrong([500, '12'])],
    ['missing', wrong([500, undefined])],
  ])('a token id %s', async (_, tokens) => {
    await expectRejection(model.attribute(tokens), 'ERR_INVALID_PROMPT', /1|token/);
    await expectRejection(model.forward(tokens), 'ERR_INVALID_PROMPT', /1|token/);
    await expectRejection(model.getActivations([tokens]), 'ERR_INVALID_PROMPT', /1|token/);
  });

  test.each([
    ['a number', 12],
    ['null', null],
    ['an object', {}],
  ])('%s in place of one', async (_, value) => {
    await expectRejection(model.attribute(wrong(value)), 'ERR_INVALID_PROMPT', /prompt/i);
  });

  test('too long for the model', async () => {
    const tokens = new Array(257).fill(300);
    await expectRejection(model.attribute(tokens), 'ERR_INVALID_PROMPT', /257|258/);
    await expectRejection(model.forward(tokens), 'ERR_INVALID_PROMPT', /256/);
  });

  test('too long for learned positions', async () => {
    const gpt2 = await ReplacementModel.load(modelDir('gpt2'), transcoderDir('gpt2-plt-relu'), { device: testDevice });
    const limit = gpt2.spec.maxPositions;
    await expectRejection(gpt2.forward(new Array(limit + 1).fill(300)), 'ERR_INVALID_PROMPT', new RegExp(`${limit}`));
    await gpt2.dispose();
  });

  test('a hook the model lacks', async () => {
    await expectRejection(model.runWithCache(prompt, ['blocks.9.hook_resid_mid']), 'ERR_INVALID_ARGUMENT', /blocks\.9/);
    await expectRejection(
      model.runWithCache(prompt, wrong('blocks.0.hook_resid_mid')),
      'ERR_INVALID_ARGUMENT',
      /hookNames/,
    );
  });
});

describe('options', () => {
  test.each([
    ['batchSize', 0],
    ['batchSize', -1],
    ['batchSize', 1.5],
    ['batchSize', Number.NaN],
    ['batchSize', Number.POSITIVE_INFINITY],
    ['batchSize', '64'],
    ['maxNLogits', 0],
    ['maxNLogits', Number.NaN],
    ['desiredLogitProb', -0.1],
    ['desiredLogitProb', 1.1],
    ['desiredLogitProb', Number.NaN],
    ['desiredLogitProb', Number.NEGATIVE_INFINITY],
    ['maxFeatureNodes', 0],
    ['maxFeatureNodes', Number.NaN],
    ['maxFeatureNodes', Number.NEGATIVE_INFINITY],
    ['updateInterval', 0],
    ['updateInterval', Number.POSITIVE_INFINITY],
    ['offload', 'cloud'],
    ['verbose', 'yes'],
    ['signal', 'stop'],
    ['onProgress', 'tell me'],
  ])('%s: %p', async (option, value) => {
    await expectRejection(
      model.attribute(prompt, wrong({ [option]: value })),
      'ERR_INVALID_ARGUMENT',
      new RegExp(option),
    );
  });

  test('a misspelled option name', async () => {
    await expectRejection(
      model.attribute(prompt, wrong({ batchsize: 4 })),
      'ERR_INVALID_ARGUMENT',
      /batchsize.*batchSize/,
    );
  });

  test.each([
    ['device', 'gpu', 'ERR_INVALID_ARGUMENT'],
    ['device', 'cuda:99', 'ERR_DEVICE'],
    ['dtype', 'int8', 'ERR_INVALID_ARGUMENT'],
    ['threads', -1, 'ERR_INVALID_ARGUMENT'],
    ['lazyEncoder', 1, 'ERR_INVALID_ARGUMENT'],
    ['qwenPrefix', 'bos', 'ERR_INVALID_ARGUMENT'],
    ['lazyWeights', 'yes', 'ERR_INVALID_ARGUMENT'],
  ] as const)('%s: %p when loading', async (option, value, code) => {
    const load = ReplacementModel.load(
      modelDir('llama'),
      transcoderDir('llama-plt-relu-skip'),
      wrong({ [option]: value }),
    );
    await expectRejection(load, code, new RegExp(option === 'device' ? String(value) : option));
  });

  test.each([-0.1, 1.1, Number.NaN, Number.POSITIVE_INFINITY, '0.8', null])('a threshold of %p', async (value) => {
    await expectRejection(graph.prune({ nodeThreshold: wrong(value) }), 'ERR_INVALID_ARGUMENT', /nodeThreshold/);
    await expectRejection(graph.prune({ edgeThreshold: wrong(value) }), 'ERR_INVALID_ARGUMENT', /edgeThreshold/);
    const directory = temporaryFolder();
    const options = { slug: 's', directory, nodeThreshold: wrong(value) };
    await expectRejection(writeGraphFiles(graph, options), 'ERR_INVALID_ARGUMENT', /nodeThreshold/);
    expect(readdirSync(directory)).toEqual([]);
  });
});

describe('output paths', () => {
  test('into a folder that is a file', async () => {
    const file = path.join(temporaryFolder(), 'file');
    writeFileSync(file, 'precious');
    await expectRejection(graph.save(path.join(file, 'graph.safetensors')), 'ERR_FILE_WRITE', /file/);
    await expectRejection(writeGraphFiles(graph, { slug: 's', directory: file }), 'ERR_FILE_WRITE', /file/);
  });

  test('a graph is not saved over a folder', async () => {
    const folder = temporaryFolder();
    mkdirSync(path.join(folder, 'graph.safetensors'));
    await expectRejection(graph.save(path.join(folder, 'graph.safetensors')), 'ERR_FILE_WRITE', /graph\.safetensors/);
    expect(readdirSync(folder)).toEqual(['graph.safetensors']);
  });

  test('to a file type that cannot hold a graph', async () => {
    const folder = temporaryFolder();
    await expectRejection(graph.save(path.join(folder, 'graph.docx')), 'ERR_INVALID_ARGUMENT', /docx/);
    expect(readdirSync(folder)).toEqual([]);
  });

  test.each(['', '../escape', 'a/b', 'a\\b', '.', 'nul\0byte'])('by the slug %j', async (slug) => {
    const directory = path.join(temporaryFolder(), 'inner');
    mkdirSync(directory);
    await expectRejection(writeGraphFiles(graph, { slug, directory }), 'ERR_INVALID_ARGUMENT', /slug/);
    expect(readdirSync(directory)).toEqual([]);
    expect(existsSync(path.join(directory, '..', 'escape.json'))).toBe(false);
  });
});
