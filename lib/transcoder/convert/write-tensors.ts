import { type FileHandle, open } from 'node:fs/promises';
import { nativeProgress } from '../../engine/jobs';
import type { OwnedEngine } from '../../engine/owned-engine';
import { writeError } from '../../io/files';
import { encodeSafetensorsHeader } from '../../io/safetensors-header';
import {
  type StoredDtype,
  storedDtypeNames,
  storedItemSize,
  type TensorSource,
  viewedShape,
} from '../../io/tensor-source';

/** A tensor to write: the numbers of `source` after its view, rounded to `dtype`. */
export interface RoundedTensor {
  readonly name: string;
  readonly source: TensorSource;
  readonly shape: readonly number[];
  readonly dtype: StoredDtype;
  readonly bytes: number;
}

export function roundedTo(dtype: StoredDtype, name: string, source: TensorSource): RoundedTensor {
  const shape = viewedShape(source);
  const bytes = shape.reduce((product, size) => product * size, storedItemSize[dtype]);
  return { name, source, shape, dtype, bytes };
}

/**
 * Write tensors from any source to a new safetensors file, a few rows at a time. After an error or an abort, the
 * incomplete file remains for the caller to remove.
 *
 * @param onWritten called with the bytes of each piece
 * @throws CircuitTracerError `ERR_WEIGHT` for numbers that are not finite or do not fit the dtype, `ERR_FILE_WRITE`,
 * `ABORT_ERR`.
 */
export async function writeTensors(
  engine: OwnedEngine,
  path: string,
  tensors: readonly RoundedTensor[],
  { onWritten, signal }: { onWritten?: (bytes: number) => void; signal?: AbortSignal | undefined },
): Promise<void> {
  // The widest numbers come first, so that each tensor is aligned to the size of its numbers.
  const ordered = [...tensors].sort((a, b) => storedItemSize[b.dtype] - storedItemSize[a.dtype]);
  const header = encodeSafetensorsHeader(
    ordered.map((tensor) => ({ ...tensor, dtype: storedDtypeNames[tensor.dtype] })),
  );
  await withFile(path, 'wx', (handle) => handle.writeFile(header));
  let offset = header.length;
  for (const { source, dtype, bytes } of ordered) {
    const start = offset;
    let reported = 0;
    const tell = (done: number) => {
      onWritten?.(done - reported);
      reported = done;
    };
    const progress = nativeProgress(({ done }) => tell(done));
    await engine.run((native) => native.writeTensor(source, dtype, path, start, progress), signal);
    tell(bytes);
    offset += bytes;
  }
  await withFile(path, 'r+', (handle) => handle.sync());
}

async function withFile(path: string, flags: string, work: (handle: FileHandle) => Promise<void>): Promise<void> {
  try {
    await using handle = await open(path, flags);
    await work(handle);
  } catch (error) {
    throw writeError(path, error);
  }
}
