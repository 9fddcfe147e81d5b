import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkChecksums } from '../../../lib/io/file-checksum';
import { openNpz } from '../../../lib/io/npz';
import { type TensorSource, viewedShape } from '../../../lib/io/tensor-source';
import { expectRejection } from '../../support/expect-rejection';
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
const structured = npy(Buffer.alloc(12), [2], { descr: "[('a', '<f4'), ('b', '<i2')]" });

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
    const { tensors } = await openNpz(file);
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
    const { tensors } = await openNpz(file);
    expect(floats(tensors.get('v2'))).toEqual(values.map(Math.fround));
    expect(floats(tensors.get('v3'))).toEqual(values.map(Math.fround));
    expect(tensors.get('scalar')?.shape).toEqual([]);
    expect(tensors.get('double')?.dtype).toBe('float64');
    expect(tensors.get('half')?.dtype).toBe('float16');
  });

  // Field faults, section 3: `W.T` saved by NumPy was refused.
  test('Fortran order is a view of the reversed shape', async () => {
    for (const deflate of [false, true]) {
      const data = npy(float32Bytes(values), [2, 3], { fortran: 'True' });
      const row = npy(float32Bytes(values), [6], { fortran: 'True' });
      const file = save(
        zip([
          { name: 'W.npy', data, deflate },
          { name: 'row.npy', data: row, deflate },
        ]),
      );
      const { tensors } = await openNpz(file);
      const W = tensors.get('W');
      expect(W && viewedShape(W)).toEqual([2, 3]);
      expect(W).toMatchObject({ shape: [3, 2], view: [{ op: 'permute', dims: [1, 0] }] });
      expect(tensors.get('row')).toMatchObject({ shape: [6], view: [] });
    }
  });

  // Field faults, section 3: only a needed array may be an error.
  test.each([
    ['integers', npy(Buffer.alloc(8), [1], { descr: '<i8' }), '<i8', [1]],
    ['big endian', npy(float32Bytes(values), [2, 3], { descr: '>f4' }), '>f4', [2, 3]],
    ['texts', npy(Buffer.alloc(12), [], { descr: '<U3' }), '<U3', []],
    ['objects', npy(Buffer.from('pickle'), [7], { descr: '|O' }), '|O', [7]],
    ['a structure', structured, "[('a', '<f4'), ('b', '<i2')]", [2]],
  ])('%s are listed, and the weights beside them are read', async (_, data, dtype, shape) => {
    for (const deflate of [false, true]) {
      const file = save(
        zip([
          { name: 'other.npy', data, deflate },
          { name: 'W.npy', data: matrix, deflate },
        ]),
      );
      const { tensors, otherTensors } = await openNpz(file);
      expect([...otherTensors]).toEqual([['other', { dtype, shape }]]);
      expect(floats(tensors.get('W'))).toEqual(values.map(Math.fround));
    }
  });

  // Field faults, section 6, L9: a flipped bit in a stored array went unnoticed.
  test('every flipped bit of a stored array is found when its checksum is checked', async () => {
    const good = zip([{ name: 'W.npy', data: matrix }]);
    const start = good.indexOf(float32Bytes(values));
    for (let at = start; at < start + 4 * values.length; at++) {
      const bytes = Buffer.from(good);
      bytes[at] = (bytes[at] ?? 0) ^ 4;
      const { tensors } = await openNpz(save(bytes));
      await expectRejection(checkChecksums(tensors.values()), 'ERR_FILE_FORMAT', /W in .*damaged/);
    }
    const { tensors } = await openNpz(save(good));
    await checkChecksums(tensors.values());
    const signal = AbortSignal.abort();
    await expectRejection(checkChecksums(tensors.values(), signal), 'ABORT_ERR', /aborted/);
  });

  test("what isn't an array is left alone", async () => {
    const { tensors } = await openNpz(save(zip([{ name: 'README', data: Buffer.from('hello') }])));
    expect(tensors.size).toBe(0);
  });
});

describe('bad arrays', () => {
  test.each([
    [
      'a size that differs from the shape',
      npy(float32Bytes(values), [2, 4]),
      /\[2, 4] of float32 needs 160 bytes, found 152/,
    ],
    ['a shape beyond all numbers', npy(float32Bytes(values), [1e15, 1e15]), /found 152/],
    ['no magic', Buffer.alloc(200), /found other magic bytes/],
    ['a wrong version', npy(float32Bytes(values), [6], { version: 9 }), /version 1, 2 or 3, found 9/],
    ['a header cut off', matrix.subarray(0, 40), /truncated/],
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

  test('an archive with a repeated name', async () => {
    const file = save(zip([1, 2].map(() => ({ name: 'W.npy', data: matrix }))));
    await expect(openNpz(file)).rejects.toThrow(/W appears twice/);
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
      else if (result.tensors.has('W')) expect(floats(result.tensors.get('W'))).toEqual(values.map(Math.fround));
    }
  });

  test('missing, empty, and a folder', async () => {
    await expect(openNpz(join(folder, 'none.npz'))).rejects.toMatchObject({ code: 'ERR_FILE_NOT_FOUND' });
    await expect(openNpz(folder)).rejects.toMatchObject({ code: 'ERR_FILE_READ' });
    await expect(openNpz(save(Buffer.alloc(0)))).rejects.toMatchObject({ code: 'ERR_FILE_FORMAT' });
  });
});
