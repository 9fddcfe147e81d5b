import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sameNumbers } from '../../../lib/io/same-numbers';
import type { TensorSource } from '../../../lib/io/tensor-source';
import { temporaryFolder } from '../../support/temporary-folder';

const count = 2 ** 21;
const file = join(temporaryFolder(), 'numbers');

/** Larger than one read, in one file: a and b are equal, c differs in its last byte. */
beforeAll(() => {
  const numbers = Buffer.alloc(3 * 4 * count + 1, 7);
  numbers[3 * 4 * count] = 8;
  writeFileSync(file, numbers);
});

function tensor(offset: number, more: Partial<TensorSource> = {}): TensorSource {
  return { name: 't', file, offset, dtype: 'float32', shape: [count], view: [], ...more };
}

test('two tensors have the same numbers when all bytes are equal', async () => {
  expect(await sameNumbers(tensor(0), tensor(4 * count))).toBe(true);
  expect(await sameNumbers(tensor(0), tensor(2 * 4 * count + 1))).toBe(false);
});

test('not in another format or shape', async () => {
  expect(await sameNumbers(tensor(0), tensor(0, { shape: [count / 2, 2] }))).toBe(false);
  expect(await sameNumbers(tensor(0), tensor(0, { dtype: 'uint8' }))).toBe(false);
});

test('a file that is gone is an error with a code', async () => {
  const gone = tensor(0, { file: `${file}-gone` });
  await expect(sameNumbers(tensor(0), gone)).rejects.toMatchObject({ code: 'ERR_FILE_NOT_FOUND' });
});
