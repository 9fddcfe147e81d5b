import { join } from 'node:path';
import { Graph, ReplacementModel } from '../../../lib';
import { binding } from '../../../lib/engine/binding';
import { loadBuiltAddon } from '../../../lib/libtorch/load-addon';
import * as limits from '../../../lib/memory-limits';
import { expectRejection } from '../../support/expect-rejection';
import { temporaryFolder } from '../../support/temporary-folder';

// Field faults, section 1a: no size of a result ends the process.

jest.mock('../../../lib/memory-limits', () => ({
  __esModule: true,
  ...jest.requireActual('../../../lib/memory-limits'),
}));
const limit = (changes: Partial<Record<keyof typeof limits, unknown>>) => Object.assign(limits, changes);
const actual = { ...limits };
const { largestArray } = actual;
afterEach(() => limit(actual));

const prompt = 'Fact: the capital of the state containing Dallas is';
let model: ReplacementModel;
beforeAll(async () => {
  model = await ReplacementModel.load('demo');
});
afterAll(() => model.dispose());

describe('a graph in blocks of rows', () => {
  /** Blocks of about a tenth of the graph. */
  async function inBlocks(options = {}) {
    const whole = await model.attribute(prompt, options);
    limit({ largestArray: Math.ceil(whole.edges.byteLength / 10) });
    const split = await model.attribute(prompt, options);
    expect(() => split.edges).toThrow(expect.objectContaining({ code: 'ERR_OUT_OF_MEMORY' }));
    limit({ largestArray });
    return { whole, split };
  }

  test.each([{}, { maxFeatureNodes: 40 }])('has the same rows, influence and pruned part: %j', async (options) => {
    const { whole, split } = await inBlocks(options);
    for (let node = 0; node < whole.nNodes; node++) expect(split.row(node)).toEqual(whole.row(node));
    expect(await split.nodeInfluence()).toEqual(await whole.nodeInfluence());
    expect(await split.edgeInfluence()).toEqual(await whole.edgeInfluence());
    expect(await split.totalEffects()).toEqual(await whole.totalEffects());
    expect(await split.scores()).toEqual(await whole.scores());
    expect((await split.prune()).edgeWeights).toEqual((await whole.prune()).edgeWeights);
  });

  test('is saved, and loaded in blocks', async () => {
    const { whole, split } = await inBlocks();
    for (const name of ['graph.safetensors', 'graph.pt']) {
      const path = join(temporaryFolder(), name);
      await split.save(path);
      expect((await Graph.load(path)).edges).toEqual(whole.edges);
      limit({ largestArray: Math.ceil(whole.edges.byteLength / 10) });
      const loaded = await Graph.load(path);
      expect(() => loaded.edges).toThrow(expect.objectContaining({ code: 'ERR_OUT_OF_MEMORY' }));
      limit({ largestArray });
      for (let node = 0; node < whole.nNodes; node++) expect(loaded.row(node)).toEqual(whole.row(node));
    }
  });
});

describe('a graph larger than the memory there is', () => {
  const withRoom = (bytes: number) => limit({ machineBytes: () => process.memoryUsage.rss() + bytes });

  test('is refused before its rows are computed, with the number of features that fits', async () => {
    withRoom(20_000);
    const phases: string[] = [];
    const attributed = model.attribute(prompt, { onProgress: ({ phase }) => phases.push(phase) });
    const error = await attributed.then(
      () => undefined,
      (reason: Error & { code?: string }) => reason,
    );
    expect(error?.code).toBe('ERR_OUT_OF_MEMORY');
    expect(phases).not.toContain('attribute');
    const fits = Number(/maxFeatureNodes to at most (\d+)\.$/.exec(error?.message ?? '')?.[1]);
    expect(fits).toBeGreaterThan(10);
    withRoom(200_000);
    expect((await model.attribute(prompt, { maxFeatureNodes: fits })).nSelected).toBe(fits);
  });
});

describe('a result that no array holds', () => {
  const tokens = Array.from({ length: 20 }, (_, i) => i % 7);

  test.each<[string, () => Promise<unknown>]>([
    ['logits', () => model.forward(tokens)],
    ['activations', () => model.getActivations(tokens)],
    ['activations of an intervention', () => model.intervene(tokens, [], { returnActivations: true })],
    ['generated logits', () => model.generate(tokens, { maxNewTokens: 1 })],
  ])('is refused before the work: %s', async (_, call) => {
    // As if there were a hundred million times as many numbers.
    limit({
      checkArraySize: (shape: number[], ...words: [string, string]) => actual.checkArraySize([1e8, ...shape], ...words),
    });
    await expectRejection(call(), 'ERR_OUT_OF_MEMORY', /need .* GiB, but an array holds at most/);
  });

  test('is an error in native code, too, and no crash; smaller ones share their memory', () => {
    const { emptyArray } = loadBuiltAddon('circuit_tracer_oracle') as { emptyArray(length: number): Float32Array };
    expect(emptyArray(2 ** 20)).toHaveLength(2 ** 20);
    const tooMany = 2 ** 30 + 1;
    let found: unknown;
    try {
      found = emptyArray(tooMany).length;
    } catch (error) {
      found = (error as Error).message;
    }
    // Node 22 holds larger arrays than Node 20.
    if (typeof found === 'number') expect(found).toBe(tooMany);
    else expect(found).toMatch(/an array holds at most 4096 MiB/);
  });
});

// House, D8: native refuses unknown names, and says of which field they are.
test('the native boundary takes no default for what it does not know', () => {
  const engine = new (binding().Engine)(1);
  const load = (spec: object, dtype: string) => () => engine.loadTransformer(spec as never, {}, 'cpu', dtype, false);
  expect(load(model.spec, 'float31')).toThrow(/dtype can't be 'float31'/);
  expect(load({ ...model.spec, postNorms: undefined }, 'float32')).toThrow(/postNorms must be true or false/);
  engine.dispose();
});

// House, D1; field faults, section 2, row 1.
test('sparse pre-activations are all pre-activations, as dense ones and those of an intervention', async () => {
  const dense = await model.getActivations(prompt, { applyActivationFunction: false });
  const sparse = await model.getActivations(prompt, { applyActivationFunction: false, sparse: true });
  const { shape, indices, values } = sparse.activations;
  const [, n, features] = shape as [number, number, number];
  const spread = new Float32Array(dense.activations.data.length);
  for (const [i, value] of values.entries()) {
    const [layer, position, feature] = indices.subarray(3 * i, 3 * i + 3) as unknown as [number, number, number];
    spread[(layer * n + position) * features + feature] = value;
  }
  expect(spread).toEqual(Float32Array.from(dense.activations.data));
  const edited = await model.intervene(prompt, [], {
    returnActivations: true,
    applyActivationFunction: false,
    sparse: true,
  });
  expect((edited.activations as typeof sparse.activations).values).toEqual(values);
});
