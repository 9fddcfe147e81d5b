import { type FileHandle, open } from 'node:fs/promises';
import { checkNotAborted } from '../validate';
import { readError } from './files';
import { storedItemSize, type TensorSource } from './tensor-source';

const chunk = 4 * 2 ** 20;

/**
 * Whether two tensors in files store the same bytes. Tensors of different dtypes or shapes do not.
 *
 * @throws CircuitTracerError `ERR_FILE_NOT_FOUND`, `ERR_FILE_READ` or `ABORT_ERR`.
 */
export async function sameNumbers(one: TensorSource, other: TensorSource, signal?: AbortSignal): Promise<boolean> {
  if (!one.file || !other.file || one.dtype !== other.dtype || one.shape.join() !== other.shape.join()) return false;
  const bytes = one.shape.reduce((product, size) => product * size, storedItemSize[one.dtype]);
  return withFile(one.file, (first) =>
    withFile(other.file as string, async (second) => {
      const [left, right] = [Buffer.alloc(chunk), Buffer.alloc(chunk)];
      for (let done = 0; done < bytes; done += chunk) {
        checkNotAborted(signal);
        const length = Math.min(chunk, bytes - done);
        await Promise.all([
          first.read(left, 0, length, one.offset + done),
          second.read(right, 0, length, other.offset + done),
        ]);
        if (left.compare(right, 0, length, 0, length) !== 0) return false;
      }
      return true;
    }),
  );
}

async function withFile<T>(path: string, use: (file: FileHandle) => Promise<T>): Promise<T> {
  try {
    const file = await open(path);
    try {
      return await use(file);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw readError(path, error);
  }
}
