import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { fingerprintsOf, partsOf } from '../../../lib/fingerprint/fingerprint';
import { samplePlaces } from '../../../lib/fingerprint/places';
import { type TensorSource, transposed } from '../../../lib/io/tensor-source';
import { openCheckpoint } from '../../../lib/model/checkpoint';
import { planModel } from '../../../lib/model/families';
import { convertTranscoders } from '../../../lib/transcoder';
import { planTranscoders } from '../../../lib/transcoder/formats';
import { modelDir, transcoderDir } from '../../support/fixtures';
import { copyOf, temporaryFolder } from '../../support/temporary-folder';

// Field faults, section 4: "`verify` with other transcoders"; the issue: "hash in the graph file".

const model = modelDir('llama');
const set = transcoderDir('llama-plt-relu-skip');

async function fingerprints(modelFolder = model, transcoders = set) {
  const { spec, weights } = planModel(await openCheckpoint(modelFolder));
  return fingerprintsOf(spec, weights, await planTranscoders(transcoders));
}

test('the same files in another folder have the same fingerprints', async () => {
  const { model: first, transcoders } = await fingerprints();
  expect(partsOf(first)).toMatchObject({ version: '1', config: expect.stringMatching(/^[0-9a-f]{16}$/) });
  expect(partsOf(transcoders)).toBeDefined();
  expect(await fingerprints(copyOf(model), copyOf(set))).toEqual({ model: first, transcoders });
});

test('a config that computes something else changes the first part, weights the second', async () => {
  const { spec, weights } = planModel(await openCheckpoint(model));
  const plan = await planTranscoders(set);
  const before = await fingerprintsOf(spec, weights, plan);
  const scaled = await fingerprintsOf({ ...spec, embeddingScale: 2 }, weights, {
    ...plan,
    spec: { ...plan.spec, k: 3 },
  });
  for (const part of ['model', 'transcoders'] as const) {
    const [a, b] = [partsOf(before[part]), partsOf(scaled[part])];
    expect(b?.config).not.toBe(a?.config);
    expect(b?.weights).toBe(a?.weights);
  }
  const named = { ...plan, spec: { ...plan.spec, scan: 'elsewhere', modelName: 'other' } };
  expect(await fingerprintsOf(spec, weights, named)).toEqual(before);
});

const numbers = Float32Array.from({ length: 24 }, (_, i) => Math.fround(Math.sin(i)));

async function weightsPart(source: TensorSource): Promise<string | undefined> {
  const { spec } = planModel(await openCheckpoint(model));
  const { model: text } = await fingerprintsOf(spec, { w: source }, await planTranscoders(set));
  return partsOf(text)?.weights;
}

function inMemory(values: Float32Array, more: Partial<TensorSource> = {}): TensorSource {
  const data = new Uint8Array(values.buffer);
  return { name: 'w', data, offset: 0, dtype: 'float32', shape: [4, 6], view: [], ...more };
}

test('a tensor counts by its numbers: in memory, in a file, stored the other way round', async () => {
  const expected = await weightsPart(inMemory(numbers));
  const file = path.join(temporaryFolder(), 'w.bin');
  writeFileSync(file, Buffer.concat([Buffer.from('odd'), Buffer.from(numbers.buffer)]));
  const { data: _, ...stored } = inMemory(numbers, { file, offset: 3 });
  expect(await weightsPart(stored)).toBe(expected);
  const turned = Float32Array.from(numbers, (_, i) => numbers[(i % 4) * 6 + Math.floor(i / 4)] as number);
  expect(await weightsPart(transposed(inMemory(turned, { shape: [6, 4] })))).toBe(expected);
  expect(await weightsPart(inMemory(numbers, { view: [{ op: 'reshape', shape: [6, 4] }] }))).not.toBe(expected);
  const changed = numbers.slice();
  changed[17] = 9;
  expect(await weightsPart(inMemory(changed))).not.toBe(expected);
});

test('numbers that narrow dtypes hold count the same in wider ones', async () => {
  // Exact in bfloat16 and in float16: 8 bits of fraction, small exponents.
  const exact = Float32Array.from({ length: 24 }, (_, i) => (i - 12) / 16);
  const expected = await weightsPart(inMemory(exact));
  const bits = new Uint32Array(exact.buffer);
  const brain = Uint16Array.from(bits, (value) => value >>> 16);
  const half = Uint16Array.from(exact, toHalf);
  const wide = Float64Array.from(exact);
  for (const [dtype, values] of [
    ['bfloat16', brain],
    ['float16', half],
    ['float64', wide],
  ] as const) {
    const data = new Uint8Array(values.buffer);
    expect(await weightsPart({ name: 'w', data, offset: 0, dtype, shape: [4, 6], view: [] })).toBe(expected);
  }
});

/** Of a number that binary16 holds exactly, not subnormal. */
function toHalf(value: number): number {
  if (value === 0) return 0;
  const exponent = Math.floor(Math.log2(Math.abs(value)));
  return (value < 0 ? 0x8000 : 0) + ((exponent + 15) << 10) + (Math.abs(value) / 2 ** exponent - 1) * 1024;
}

test('places follow every view step back to where the numbers are stored', () => {
  const source: TensorSource = {
    name: 'w',
    data: new Uint8Array(0),
    offset: 0,
    dtype: 'float32',
    shape: [2, 3, 4],
    view: [
      { op: 'select', dim: 0, index: 1 },
      { op: 'permute', dims: [1, 0] },
      { op: 'slice', dim: 0, start: 1, stop: 3 },
      { op: 'reshape', shape: [6] },
    ],
  };
  // [2, 3, 4] at [1, c, r + 1]: 12 + 4 c + r + 1.
  expect(samplePlaces(source)).toEqual([13, 17, 21, 14, 18, 22]);
});

test('few numbers of a large tensor are read', () => {
  const large = inMemory(numbers, { shape: [20_000, 500_000] });
  const places = samplePlaces(large);
  expect(places.length).toBe(32);
  expect(new Set(places).size).toBe(32);
  expect(Math.max(...places)).toBeLessThan(10_000_000_000);
});

test('a file that is gone has no fingerprint, and throws nothing', async () => {
  const { data: _, ...gone } = inMemory(numbers, { file: '/nope/w.bin' });
  expect(await weightsPart(gone)).toBeUndefined();
});

test.each([null, undefined, '', 'x', '1:-', 7])('%p is no fingerprint', (text) => {
  expect(partsOf(text)).toBeUndefined();
});

test.each(['gemma-scope-tiny', 'gemma-scope-2-tiny-clt', 'llama-plt-relu-skip'])(
  '%s has the same fingerprint after convert, which stores it in another order',
  async (name) => {
    const from = transcoderDir(name);
    const to = path.join(temporaryFolder(), 'native');
    await convertTranscoders(from, to);
    const { spec, weights } = planModel(await openCheckpoint(model));
    const [before, after] = [await planTranscoders(from), await planTranscoders(to)];
    const { transcoders } = await fingerprintsOf(spec, weights, after);
    expect(transcoders).toBe((await fingerprintsOf(spec, weights, before)).transcoders);
  },
);
