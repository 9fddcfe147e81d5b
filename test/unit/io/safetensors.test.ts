import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import {
  openSafetensors,
  readSafetensorsArrays,
  type TensorToWrite,
  writeSafetensors,
} from '../../../lib/io/safetensors';
import { expectRejection } from '../../support/expect-rejection';
import { writeRaw } from '../../support/raw-safetensors';
import { temporaryFolder } from '../../support/temporary-folder';

const newFile = () => path.join(temporaryFolder(), 'x.safetensors');

describe('writeSafetensors', () => {
  const tensors: TensorToWrite[] = [
    { name: 'bytes', dtype: 'U8', shape: [3], data: Uint8Array.of(1, 2, 3) },
    { name: 'floats', dtype: 'F32', shape: [2, 2], data: Float32Array.of(1, -2, 0.5, Infinity) },
    { name: 'none', dtype: 'F32', shape: [0, 7], data: new Float32Array(0) },
    { name: 'wide', dtype: 'I64', shape: [1], data: BigInt64Array.of(-(2n ** 60n)) },
    { name: 'integers', dtype: 'I32', shape: [], data: Int32Array.of(-7) },
    { name: '__proto__', dtype: 'U8', shape: [1], data: Uint8Array.of(9) },
  ];

  test('is read back as it was, with every tensor aligned', async () => {
    const file = newFile();
    await writeSafetensors(file, tensors, { note: 'a "quoted" \u00e9' });
    const { arrays, metadata } = await readSafetensorsArrays(file);
    expect(metadata).toEqual({ note: 'a "quoted" \u00e9' });
    expect(arrays.size).toBe(tensors.length);
    for (const { name, shape, data } of tensors) expect(arrays.get(name)).toEqual({ shape, data });
    const opened = await openSafetensors(file);
    for (const [name, { offset }] of opened.tensors) expect(offset % (name === 'floats' ? 4 : 1)).toBe(0);
    expect(readFileSync(file).readBigUInt64LE() % 8n).toBe(0n);
  });

  test('writes part of a larger buffer', async () => {
    const file = newFile();
    const data = new Float32Array([1, 2, 3, 4]).subarray(1, 3);
    await writeSafetensors(file, [{ name: 'a', dtype: 'F32', shape: [2], data }]);
    expect((await readSafetensorsArrays(file)).arrays.get('a')?.data).toEqual(Float32Array.of(2, 3));
  });

  test('refuses data that does not fit, and repeated names, before it writes', async () => {
    const file = newFile();
    const one: TensorToWrite = { name: 'a', dtype: 'F32', shape: [1], data: Float32Array.of(1) };
    await expectRejection(writeSafetensors(file, [{ ...one, shape: [2] }]), 'ERR_INVALID_ARGUMENT', /a: expected 2/);
    await expectRejection(writeSafetensors(file, [one, one]), 'ERR_INVALID_ARGUMENT', /a is used twice/);
    expect(readdirSync(path.dirname(file))).toEqual([]);
  });
});

describe('openSafetensors', () => {
  test('gives sources without reading them, and lists what it cannot use', async () => {
    const file = newFile();
    const header = {
      mask: { dtype: 'BOOL', shape: [2], data_offsets: [0, 2] },
      half: { dtype: 'BF16', shape: [1, 2], data_offsets: [2, 6] },
    };
    writeRaw(file, header, new Uint8Array(6));
    const { tensors, otherTensors } = await openSafetensors(file);
    expect([...tensors.keys()]).toEqual(['half']);
    const start = 8 + JSON.stringify(header).length;
    const source = {
      name: 'half in x.safetensors',
      file,
      offset: start + 2,
      dtype: 'bfloat16',
      shape: [1, 2],
      view: [],
    };
    expect(tensors.get('half')).toEqual(source);
    expect(otherTensors.get('mask')).toEqual({ dtype: 'BOOL', shape: [2] });
    const { arrays, otherDtypes } = await readSafetensorsArrays(file);
    expect([...arrays.keys()]).toEqual(['mask']);
    expect([...otherDtypes]).toEqual([['half', 'BF16']]);
  });

  const tensor = (begin: number, end: number, shape: unknown = [(end - begin) / 4], dtype: unknown = 'F32') => ({
    dtype,
    shape,
    data_offsets: [begin, end],
  });
  const same = JSON.stringify(tensor(0, 8));

  test.each<[string, string | object, number, RegExp]>([
    ['a list for a header', '[]', 0, /begins with '\{'/],
    ['space before the header', ' {}', 0, /begins with '\{'/],
    ['half a header', '{"a": ', 0, /in JSON/],
    ['a hole', { a: tensor(0, 4), b: tensor(8, 12) }, 12, /"b".*hole/],
    ['an overlap', { a: tensor(0, 8), b: tensor(4, 12) }, 12, /"b".*overlaps/],
    ['a late start', { a: tensor(4, 8) }, 8, /hole/],
    ['bytes after the end', { a: tensor(0, 8) }, 12, /bytes follow/],
    ['too few bytes', { a: tensor(0, 8) }, 4, /truncated/],
    ['a shape too large', { a: tensor(0, 8, [3]) }, 8, /needs 12 bytes/],
    ['a shape past all numbers', { a: tensor(0, 8, [2 ** 40, 2 ** 40]) }, 8, /too large/],
    ['a negative size', { a: tensor(0, 8, [-2]) }, 8, /non-negative/],
    ['a fractional size', { a: tensor(0, 8, [0.5, 4]) }, 8, /non-negative/],
    ['no shape', { a: tensor(0, 8, null) }, 8, /shape/],
    ['offsets backwards', { a: tensor(8, 0, [2]) }, 8, /needs 8 bytes/],
    ['three offsets', { a: { dtype: 'F32', shape: [1], data_offsets: [0, 4, 4] } }, 4, /two data_offsets/],
    ['offsets backwards of an unknown dtype', { a: tensor(8, 0, [2], 'Q7') }, 8, /"a".*-8/],
    ['a hole before an unknown dtype', { a: tensor(0, 4), b: tensor(8, 12, [4], 'Q7') }, 12, /"b".*hole/],
    ['a dtype of no sort', { a: tensor(0, 8, [2], 7) }, 8, /dtype.*7/],
    ['bits that fill no byte', { a: { dtype: 'F4', shape: [1], data_offsets: [0, 1] } }, 1, /whole number of bytes/],
    ['text for a tensor', { a: 'b' }, 0, /"a".*object/],
    ['numbers for metadata', { __metadata__: { a: 1 } }, 0, /__metadata__/],
    ['a name twice', `{"a":${same},"a":${same}}`, 8, /"a" twice/],
    ['a name twice, once escaped', `{"a":${same},"\\u0061":${same}}`, 8, /"a" twice/],
  ])('refuses %s', async (_, header, bytes, names) => {
    const file = newFile();
    writeRaw(file, header, new Uint8Array(bytes));
    await expectRejection(openSafetensors(file), 'ERR_FILE_FORMAT', names);
  });

  // Field faults, section 3: files that upstream reads were "not well-formed".
  test('null for metadata, and dtypes new here, are no fault of a file', async () => {
    const file = newFile();
    const dtypes = ['F8_E4M3FNUZ', 'F8_E5M2FNUZ', 'F8_E9M9_NEXT', 'F4'];
    const others = dtypes.map((dtype, i) => [dtype, tensor(4 + 2 * i, 6 + 2 * i, [dtype === 'F4' ? 4 : 2], dtype)]);
    writeRaw(file, { __metadata__: null, W: tensor(0, 4), ...Object.fromEntries(others) }, new Uint8Array(12));
    const { tensors, otherTensors, metadata } = await openSafetensors(file);
    expect(metadata).toEqual({});
    expect([...tensors.keys()]).toEqual(['W']);
    expect([...otherTensors].map(([name, { dtype }]) => [name, dtype])).toEqual(dtypes.map((dtype) => [dtype, dtype]));
    expect((await readSafetensorsArrays(file)).arrays.get('W')?.data).toEqual(Float32Array.of(0));
  });

  test('the size of a known dtype is checked, needed or not', async () => {
    const file = newFile();
    writeRaw(file, { a: tensor(0, 8, [4], 'F8_E4M3FNUZ') }, new Uint8Array(8));
    await expectRejection(openSafetensors(file), 'ERR_FILE_FORMAT', /"a".*needs 4 bytes/);
  });

  // Field faults, section 6, M1: 60 MB of brackets took 2.7 GB and 6.5 s.
  test('a header of brackets is refused before it is parsed', async () => {
    const file = newFile();
    writeRaw(file, `{"a":${'['.repeat(1_000_000)}`, new Uint8Array(0));
    await expectRejection(openSafetensors(file), 'ERR_FILE_FORMAT', /more than 100 deep/);
  });

  test.each<[string, Uint8Array, RegExp]>([
    ['empty', new Uint8Array(0), /found 0/],
    ['shorter than a length', new Uint8Array(7), /found 7/],
    ['without a header', new Uint8Array(8), /begins with/],
    ['shorter than its header', Uint8Array.of(99, 0, 0, 0, 0, 0, 0, 0, 0x7b), /header of 99 bytes/],
    ['of absurd length', new Uint8Array(16).fill(255), /at most 100000000/],
    ['not UTF-8', Uint8Array.of(3, 0, 0, 0, 0, 0, 0, 0, 0x7b, 0xff, 0x7d), /UTF-8/],
  ])('refuses a file %s', async (_, bytes, names) => {
    const file = newFile();
    writeFileSync(file, bytes);
    await expectRejection(openSafetensors(file), 'ERR_FILE_FORMAT', names);
  });

  test('reports files that are not there, and folders', async () => {
    await expectRejection(openSafetensors(newFile()), 'ERR_FILE_NOT_FOUND', /x\.safetensors/);
    await expectRejection(openSafetensors(temporaryFolder()), 'ERR_FILE_READ', /expected a file/);
  });

  test('accepts an empty set of tensors', async () => {
    const file = newFile();
    writeRaw(file, {}, new Uint8Array(0));
    expect((await openSafetensors(file)).tensors.size).toBe(0);
  });
});
