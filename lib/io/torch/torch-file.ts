import { constants } from 'node:buffer';
import { setImmediate } from 'node:timers/promises';
import { CircuitTracerError } from '../../errors';
import { readError } from '../files';
import { PickleError } from '../pickle/pickle-bytes';
import type { TorchStorage, TorchTensor } from './torch-tensor';

/** A file written by `torch.save`: its value, with tensors that are not read yet. */
export interface TorchFile {
  readonly path: string;
  /**
   * The value, with lists and tuples as arrays, dicts as maps, listed classes as records and tensors as {@link
   * TorchTensor}.
   */
  readonly value: unknown;
  /** Read bytes `start` to `end - 1` of a storage, in pieces. */
  readStorage(storage: TorchStorage, start: number, end: number): AsyncIterable<Uint8Array>;
  /** Close the file. May be called more than once. */
  close(): Promise<void>;
}

/** The bytes of a tensor in row-major order. A tensor with another layout is copied into that order. */
export async function* tensorBytes(file: TorchFile, tensor: TorchTensor, itemSize: number): AsyncIterable<Uint8Array> {
  if (tensor.count === 0) return;
  const start = tensor.offset * itemSize;
  if (tensor.isContiguous) yield* file.readStorage(tensor.storage, start, start + tensor.count * itemSize);
  else yield* laidOut(file, tensor, itemSize);
}

/** How many numbers are copied in one turn of the event loop. */
const numbersPerTurn = 2 ** 15;

async function* laidOut(file: TorchFile, tensor: TorchTensor, itemSize: number): AsyncIterable<Uint8Array> {
  const spanBytes = tensor.span * itemSize;
  if (spanBytes > constants.MAX_LENGTH) {
    throw new PickleError(`a tensor [${tensor.shape}] is spread over ${spanBytes} bytes, which do not fit in memory`);
  }
  const start = tensor.offset * itemSize;
  const span = Buffer.alloc(spanBytes);
  let read = 0;
  for await (const piece of file.readStorage(tensor.storage, start, start + spanBytes)) {
    span.set(piece, read);
    read += piece.length;
  }
  const index = new Array<number>(tensor.shape.length).fill(0);
  for (let done = 0; done < tensor.count; done += numbersPerTurn) {
    const out = Buffer.alloc(Math.min(numbersPerTurn, tensor.count - done) * itemSize);
    for (let at = 0; at < out.length; at += itemSize) {
      const from = index.reduce((sum, i, dim) => sum + i * (tensor.strides[dim] ?? 0), 0) * itemSize;
      span.copy(out, at, from, from + itemSize);
      countUp(index, tensor.shape);
    }
    yield out;
    await setImmediate();
  }
}

/** Advance to the next index in row-major order. */
function countUp(index: number[], shape: readonly number[]): void {
  for (let dim = index.length - 1; dim >= 0; dim--) {
    index[dim] = (index[dim] ?? 0) + 1;
    if ((index[dim] ?? 0) < (shape[dim] ?? 0)) return;
    index[dim] = 0;
  }
}

/** The typed error for a damaged file: yauzl, zlib and the pickle reader throw plain errors. */
export function torchFileError(path: string, error: unknown): unknown {
  const typed = error instanceof CircuitTracerError ? error : readError(path, error);
  if (typed instanceof CircuitTracerError) return typed;
  return new CircuitTracerError(
    'ERR_FILE_FORMAT',
    `${path} is not a valid file of torch.save: ${(error as Error).message}. Save it again. Do not open an untrusted file ` +
      'with Python: it can run any code.',
    { cause: error },
  );
}
