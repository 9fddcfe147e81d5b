import { join } from 'node:path';
import { Random } from '../../../lib/random';
import { type TranscoderLoadOptions, Transcoders } from '../../../lib/transcoder/transcoders';
import { expectBitEqual, expectClose } from '../../support/compare';
import { plainDecode, plainEncode } from '../../support/plain-transcoders';
import {
  type PlainTranscoders,
  type RandomTranscoderOptions,
  writeRandomTranscoders,
} from '../../support/random-transcoders';
import { testDevice } from '../../support/use-case';

const loadings: { name: string; options: TranscoderLoadOptions }[] = [
  { name: 'eager', options: { lazyEncoder: false, lazyDecoder: false } },
  { name: 'lazy encoder', options: { lazyEncoder: true, lazyDecoder: false } },
  { name: 'lazy decoder', options: { lazyEncoder: false, lazyDecoder: true } },
  { name: 'lazy', options: { lazyEncoder: true, lazyDecoder: true } },
];

const sets: RandomTranscoderOptions[] = [
  { format: 'native-per-layer' },
  { format: 'native-per-layer', skip: true, activation: 'jumprelu' },
  { format: 'native-per-layer', activation: 'topk', k: 6 },
  // Field faults, section 2: sets trained with ReLU before TopK.
  { format: 'native-per-layer', activation: 'topk_relu', k: 25 },
  { format: 'native-cross-layer', activation: 'topk_relu', k: 25 },
  // Field faults, section 3: features that are off, or always on.
  { format: 'native-per-layer', activation: 'jumprelu', infinite: true },
  { format: 'native-cross-layer', activation: 'jumprelu', infinite: true },
  { format: 'gemma-scope-npz', infinite: true },
  { format: 'gemma-scope-2-per-layer', infinite: true },
  { format: 'gemma-scope-2-cross-layer', infinite: true },
  // Field faults, section 3: `W.T` saved by NumPy.
  { format: 'gemma-scope-npz', fortran: true },
  { format: 'gemma-scope-npz', fortran: true, deflate: true },
  { format: 'native-cross-layer' },
  { format: 'native-cross-layer', skip: true, activation: 'jumprelu' },
  { format: 'gemma-scope-npz' },
  { format: 'gemma-scope-npz', deflate: true },
  { format: 'gemma-scope-2-per-layer', skip: true },
  { format: 'gemma-scope-2-cross-layer', skip: true },
];

const rows = 6;
const nLayers = 3;
const dModel = 16;
const nFeatures = 40;

describe.each(sets.map((options) => [JSON.stringify(options), options] as const))('%s', (_, options) => {
  const x = new Random(7).normals(nLayers * rows * dModel, 0, 1);
  const loaded: Transcoders[] = [];
  let plain: PlainTranscoders;
  let eager: Transcoders;

  beforeAll(async () => {
    const written = await writeRandomTranscoders({ ...options, nLayers, dModel, nFeatures });
    plain = written.plain;
    for (const loading of loadings) {
      loaded.push(await Transcoders.load(written.dir, { ...loading.options, device: testDevice }));
    }
    eager = loaded[0] as Transcoders;
  });
  afterAll(() => Promise.all(loaded.map((transcoders) => transcoders.dispose())));

  /** Run on every loading; all results must have the same bits. */
  async function sameBits(run: (transcoders: Transcoders) => Promise<{ data: Float32Array; shape: number[] }>) {
    const expected = await run(eager);
    for (const [i, { name }] of loadings.entries()) {
      const found = await run(loaded[i] as Transcoders);
      expect([...found.shape]).toEqual([...expected.shape]);
      expectBitEqual(name, found.data, expected.data);
    }
    return expected;
  }

  test('encode gives activations or pre-activations', async () => {
    const activations = await sameBits((transcoders) => transcoders.encode(x));
    expect([...activations.shape]).toEqual([nLayers, rows, nFeatures]);
    expectClose('activations', activations.data, plainEncode(plain, x));
    const before = await sameBits((transcoders) => transcoders.encode(x, { applyActivationFunction: false }));
    expectClose('pre-activations', before.data, plainEncode(plain, x, false));
  });

  test('encodeLayer gives one layer of it', async () => {
    const all = await eager.encode(x);
    for (let layer = 0; layer < nLayers; layer++) {
      const input = x.slice(layer * rows * dModel, (layer + 1) * rows * dModel);
      const one = await sameBits((transcoders) => transcoders.encodeLayer(input, layer));
      expect([...one.shape]).toEqual([rows, nFeatures]);
      const size = rows * nFeatures;
      expectBitEqual('layer', one.data, all.data.slice(layer * size, (layer + 1) * size));
    }
  });

  test.each([0, 1, 3, rows])('encodeSparse lists the non-zeros beyond %i zero positions', async (specialPositions) => {
    const dense = await eager.encode(x);
    for (const transcoders of loaded) {
      const sparse = await transcoders.encodeSparse(x, { specialPositions });
      expect(sparse.shape).toEqual(dense.shape);
      const again = new Float32Array(dense.data.length);
      for (const [i, value] of sparse.values.entries()) {
        const [layer = 0, row = 0, feature = 0] = sparse.indices.slice(3 * i, 3 * i + 3);
        expect(value).not.toBe(0);
        expect(row).toBeGreaterThanOrEqual(specialPositions);
        again[(layer * rows + row) * nFeatures + feature] = value;
        const vector = sparse.encoderVectors.data.slice(i * dModel, (i + 1) * dModel);
        const encoder = plain.layers[layer]?.encoder.slice(feature * dModel, (feature + 1) * dModel);
        expectBitEqual('encoder vector', vector, encoder as Float32Array);
      }
      const kept = dense.data.map((value, i) => (Math.floor(i / nFeatures) % rows < specialPositions ? 0 : value));
      // Close, not equal: the products of fewer rows may round another way.
      expect(Array.from(again, (value) => value !== 0)).toEqual(Array.from(kept, (value) => value !== 0));
      expectClose('activations', again, kept);
      expect([...sparse.encoderVectors.shape]).toEqual([sparse.values.length, dModel]);
    }
  });

  test('decoderVectors and encoderVectors give rows as stored', async () => {
    for (const [layer, weights] of plain.layers.entries()) {
      const size = weights.span * dModel;
      const all = await sameBits((transcoders) => transcoders.decoderVectors(layer));
      expect([...all.shape]).toEqual([nFeatures, weights.span, dModel]);
      expectBitEqual('all decoders', all.data, weights.decoder);
      const picked = await sameBits((transcoders) => transcoders.decoderVectors(layer, [39, 0, 7, 7]));
      expect([...picked.shape]).toEqual([4, weights.span, dModel]);
      for (const [i, feature] of [39, 0, 7, 7].entries()) {
        const stored = weights.decoder.slice(feature * size, (feature + 1) * size);
        expectBitEqual('picked decoder', picked.data.slice(i * size, (i + 1) * size), stored);
      }
      const encoders = await sameBits((transcoders) => transcoders.encoderVectors(layer));
      expectBitEqual('all encoders', encoders.data, weights.encoder);
      const none = await sameBits((transcoders) => transcoders.decoderVectors(layer, []));
      expect([...none.shape]).toEqual([0, weights.span, dModel]);
    }
  });

  test('decode takes dense or listed activations', async () => {
    const dense = await eager.encode(x);
    const decoded = await sameBits((transcoders) => transcoders.decode(dense, x));
    expect([...decoded.shape]).toEqual([nLayers, rows, dModel]);
    expectClose('decoded', decoded.data, plainDecode(plain, dense.data, x));
    const list = await eager.encodeSparse(x, { specialPositions: 0 });
    expectBitEqual('from a list', (await eager.decode(list, x)).data, decoded.data);
  });

  test('no activations at all decode to bias and skip', async () => {
    const none = { data: new Float32Array(nLayers * rows * nFeatures), shape: [nLayers, rows, nFeatures] };
    const decoded = await sameBits((transcoders) => transcoders.decode(none, x));
    expectClose('bias', decoded.data, plainDecode(plain, none.data, x));
  });

  test('reconstruct encodes and decodes', async () => {
    const reconstruction = await sameBits((transcoders) => transcoders.reconstruct(x));
    expectClose('reconstruction', reconstruction.data, plainDecode(plain, plainEncode(plain, x), x));
  });

  test('each active feature writes one vector to each of its layers', async () => {
    const list = await eager.encodeSparse(x);
    const { vectors, layers, rows: vectorRows, sources } = await eager.scaledDecoderVectors(list);
    await sameBits(async (transcoders) => (await transcoders.scaledDecoderVectors(list)).vectors);
    const written = Array.from(list.values, (_, i) => plain.layers[list.indices[3 * i] as number]?.span ?? 0);
    expect(sources).toEqual(Int32Array.from(written.flatMap((span, i) => Array(span).fill(i))));
    expect([...vectors.shape]).toEqual([sources.length, dModel]);

    const sum = new Float64Array(nLayers * rows * dModel);
    for (const [i, layer] of layers.entries()) {
      expect(layer).toBeGreaterThanOrEqual(list.indices[3 * (sources[i] as number)] as number);
      expect(vectorRows[i]).toBe(list.indices[3 * (sources[i] as number) + 1]);
      const at = (layer * rows + (vectorRows[i] as number)) * dModel;
      for (let d = 0; d < dModel; d++) sum[at + d] = (sum[at + d] as number) + (vectors.data[i * dModel + d] as number);
    }
    const zero = new Float32Array(nLayers * rows * nFeatures);
    const rest = plainDecode(plain, zero, x);
    expectClose(
      'sum',
      (await eager.decode(list, x)).data,
      sum.map((value, i) => value + (rest[i] as number)),
    );
  });

  test('decodeLayer decodes one layer, where features write to one', async () => {
    const input = x.slice(rows * dModel, 2 * rows * dModel);
    const activations = await eager.encodeLayer(input, 1);
    if (plain.kind === 'crossLayer') {
      const refusal = { code: 'ERR_INVALID_ARGUMENT', message: expect.stringMatching(/per-layer/) };
      await expect(eager.decodeLayer(activations, 1, input)).rejects.toMatchObject(refusal);
      return;
    }
    const one = await sameBits((transcoders) => transcoders.decodeLayer(activations, 1, input));
    expect([...one.shape]).toEqual([rows, dModel]);
    const all = await eager.decode(await eager.encode(x), x);
    expectClose('layer', one.data, all.data.slice(rows * dModel, 2 * rows * dModel));
  });
});

const fixtures = join(__dirname, '../parity/transcoders');

describe.each(['llama-clt-jumprelu', 'gemma-scope-2-tiny-clt', 'llama-plt-relu-skip', 'gemma-scope-tiny'])(
  'stored %s, lazy and eager',
  (name) => {
    test.each(['float32', 'bfloat16'] as const)('reconstructs with the same bits in %s', async (dtype) => {
      const results: Float32Array[] = [];
      for (const { options } of loadings) {
        const transcoders = await Transcoders.load(join(fixtures, name), { ...options, dtype, device: testDevice });
        const { nLayers, dModel } = transcoders.spec;
        results.push((await transcoders.reconstruct(new Random(3).normals(nLayers * 5 * dModel, 0, 1))).data);
        await transcoders.dispose();
      }
      for (const [i, { name: loading }] of loadings.entries()) {
        expectBitEqual(loading, results[i] as Float32Array, results[0] as Float32Array);
      }
    });
  },
);
