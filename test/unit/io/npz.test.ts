import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openNpz } from '../../../lib/io/npz';
import type { TensorSource } from '../../../lib/io/tensor-source';
import { float32Bytes, npy, zip } from '../../support/npz';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'npz-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function save(bytes: Buffer): string {
  const file = join(folder, 'arrays.npz');
  writeFileSync(file, bytes);
  return file;
}

/** The float32 numbers a source points at. */
function floats(source: TensorSource | undefined): number[] {
  if (!source) throw new Error('no such array');
  const bytes = source.data ? Buffer.from(source.data) : readFileSync(source.file ?? '');
  const count = source.shape.reduce((product, size) => product * size, 1);
  return Array.from({ length: count }, (_, i) => bytes.readFloatLE(source.offset + 4 * i));
}

const values = [1, -2.5, 3.25, 0, 5e-8, 6];
const matrix = npy(float32Bytes(values), [2, 3]);

describe('reading', () => {
  test.each([
    ['stored', false, false],
    ['deflated', true, false],
    ['stored with zip64 sizes', false, true],
    ['deflated with zip64 sizes', true, true],
  ])('%s', async (_, deflate, zip64) => {
    const file = save(
      zip([
        { name: 'first.npy', data: npy(float32Bytes([7]), [1]), deflate, zip64 },
        { name: 'W.npy', data: matrix, deflate, zip64 },
      ]),
    );
    const tensors = await openNpz(file);
    expect([...tensors.keys()]).toEqual(['first', 'W']);
    expect(tensors.get('W')).toMatchObject({ dtype: 'float32', shape: [2, 3], view: [] });
    expect(tensors.get('W')?.file).toBe(deflate ? undefined : file);
    expect(floats(tensors.get('W'))).toEqual(values.map(Math.fround));
    expect(floats(tensors.get('first'))).toEqual([7]);
  });

  test('format versions 1 to 3, scalars, and the three float dtypes', async () => {
    const file = save(
      zip([
        { name: 'v2.npy', data: npy(float32Bytes(values), [6], { version: 2 }) },
        { name: 'v3.npy', data: npy(float32Bytes(values), [6], { version: 3 }) },
        { name: 'scalar.npy', data: npy(float32Bytes([0.5]), []) },
        { name: 'double.npy', data: npy(Buffer.alloc(16), [2], { descr: '<f8' }) },
        { name: 'half.npy', data: npy(Buffer.alloc(4), [2], { descr: '<f2' }) },
      ]),
    );
    const tensors = await openNpz(file);
    expect(floats(tensors.get('v2'))).toEqual(values.map(Math.fround));
    expect(floats(tensors.get('v3'))).toEqual(values.map(Math.fround));
    expect(tensors.get('scalar')?.shape).toEqual([]);
    expect(tensors.get('double')?.dtype).toBe('float64');
    expect(tensors.get('half')?.dtype).toBe('float16');
  });

  test("what isn't an array is left alone", async () => {
    const tensors = await openNpz(save(zip([{ name: 'README', data: Buffer.from('hello') }])));
    expect(tensors.size).toBe(0);
  });
});

describe('bad arrays', () => {
  test.each([
    ['Fortran order', npy(float32Bytes(values), [2, 3], { fortran: 'True' }), /Fortran order/],
    ['big endian', npy(float32Bytes(values), [2, 3], { descr: '>f4' }), /expected dtype <f8, <f4, <f2, found >f4/],
    ['integers', npy(Buffer.alloc(8), [1], { descr: '<i8' }), /found <i8/],
    [
      'a size that differs from the shape',
      npy(float32Bytes(values), [2, 4]),
      /\[2, 4\] of float32 takes 160 bytes, found 152/,
    ],
    ['a shape beyond all numbers', npy(float32Bytes(values), [1e15, 1e15]), /found 152/],
    ['no magic', Buffer.alloc(200), /no NumPy magic/],
    ['a wrong version', npy(float32Bytes(values), [6], { version: 9 }), /version 1, 2 or 3, found 9/],
    ['a header cut off', matrix.subarray(0, 40), /cut off/],
    ['a header that is no dictionary', Buffer.from('\x93NUMPY\x01\x00\x04\x00abc\n', 'latin1'), /found "abc"/],
  ])('%s', async (_, data, message) => {
    for (const deflate of [false, true]) {
      const file = save(zip([{ name: 'W.npy', data, deflate }]));
      await expect(openNpz(file)).rejects.toMatchObject({
        code: 'ERR_FILE_FORMAT',
        message: expect.stringMatching(message),
      });
      await expect(openNpz(file)).rejects.toThrow(`W in ${file}`);
    }
  });
});

describe('hostile and damaged zips', () => {
  const good = zip([{ name: 'W.npy', data: matrix, deflate: true }]);

  test.each([
    ['a claim no deflate stream can keep', { size: 2 ** 31 }, /impossible/],
    ['a claim slightly too small', { size: matrix.length - 1 }, /too many bytes|larger|more/i],
    ['a claim slightly too large', { size: matrix.length + 1 }, /not enough bytes|fewer|less/i],
    ['a wrong checksum', { crc: 1 }, /checksum of W is wrong/],
    ['an unknown method', { method: 99 }, /method 99/],
    ['encryption', { flags: 1 }, /encrypted/],
  ])('%s', async (_, claim, message) => {
    const file = save(zip([{ name: 'W.npy', data: matrix, deflate: true, claim }]));
    await expect(openNpz(file)).rejects.toMatchObject({
      code: 'ERR_FILE_FORMAT',
      message: expect.stringMatching(message),
    });
  });

  test('more than 4 GiB of compressed arrays together', async () => {
    const zeros = Buffer.alloc(8 * 2 ** 20);
    const claim = { size: 0xfffffff0 };
    const members = ['a', 'b'].map((name) => ({ name: `${name}.npy`, data: zeros, deflate: true, claim }));
    await expect(openNpz(save(zip(members)))).rejects.toMatchObject({ code: 'ERR_FILE_FORMAT' });
  });

  test('the same name twice', async () => {
    const file = save(zip([1, 2].map(() => ({ name: 'W.npy', data: matrix }))));
    await expect(openNpz(file)).rejects.toThrow(/W twice/);
  });

  test('cut off anywhere, or a flipped bit anywhere: an error or the right numbers, never a crash', async () => {
    for (let length = 0; length < good.length; length++) {
      await expect(openNpz(save(good.subarray(0, length)))).rejects.toMatchObject({ code: 'ERR_FILE_FORMAT' });
    }
    for (let at = 0; at < good.length; at++) {
      const bytes = Buffer.from(good);
      bytes[at] = (bytes[at] ?? 0) ^ 0x10;
      const result = await openNpz(save(bytes)).catch((error: { code: string }) => error);
      if ('code' in result) expect(result.code).toBe('ERR_FILE_FORMAT');
      else if (result.has('W')) expect(floats(result.get('W'))).toEqual(values.map(Math.fround));
    }
  });

  test('missing, empty, and a folder', async () => {
    await expect(openNpz(join(folder, 'none.npz'))).rejects.toMatchObject({ code: 'ERR_FILE_NOT_FOUND' });
    await expect(openNpz(folder)).rejects.toMatchObject({ code: 'ERR_FILE_READ' });
    await expect(openNpz(save(Buffer.alloc(0)))).rejects.toMatchObject({ code: 'ERR_FILE_FORMAT' });
  });
});
