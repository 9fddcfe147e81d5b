import { type FileHandle, open } from 'node:fs/promises';
import { basename } from 'node:path';
import { CircuitTracerError } from '../errors';
import { absolutePath } from './absolute-path';
import { readError, writeFileAtomically } from './files';
import { encodeSafetensorsHeader, readSafetensorsHeader, type SafetensorsEntry } from './safetensors-header';
import { type StoredDtype, storedDtypeNames, type TensorSource } from './tensor-source';

const storedDtypes: Readonly<Record<string, StoredDtype>> = Object.fromEntries(
  Object.entries(storedDtypeNames).map(([dtype, name]) => [name, dtype as StoredDtype]),
);

export interface SafetensorsFile {
  /** Tensors that can become weights, by name. */
  readonly tensors: Map<string, TensorSource>;
  /** The file's other tensors (masks, indices, number formats not read here), by name: listed, never used. */
  readonly otherTensors: Map<string, { readonly dtype: string; readonly shape: readonly number[] }>;
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Look into a safetensors file: reads and checks its header, nothing else.
 *
 * @throws CircuitTracerError as `readSafetensorsHeader`.
 */
export async function openSafetensors(path: string): Promise<SafetensorsFile> {
  const file = absolutePath(path);
  const { entries, metadata } = await readSafetensorsHeader(file);
  const tensors = new Map<string, TensorSource>();
  const otherTensors = new Map<string, { dtype: string; shape: readonly number[] }>();
  for (const { name, dtype, shape, begin } of entries) {
    const stored = Object.hasOwn(storedDtypes, dtype) ? storedDtypes[dtype] : undefined;
    if (!stored) otherTensors.set(name, { dtype, shape });
    else
      tensors.set(name, { name: `${name} in ${basename(file)}`, file, offset: begin, dtype: stored, shape, view: [] });
  }
  return { tensors, otherTensors, metadata };
}

export type SafetensorsData =
  | Float64Array
  | Float32Array
  | BigInt64Array
  | BigUint64Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Uint16Array
  | Int8Array
  | Uint8Array;

const arrayTypes = {
  F64: Float64Array,
  F32: Float32Array,
  I64: BigInt64Array,
  U64: BigUint64Array,
  I32: Int32Array,
  U32: Uint32Array,
  I16: Int16Array,
  U16: Uint16Array,
  I8: Int8Array,
  U8: Uint8Array,
  BOOL: Uint8Array,
} as const;

/**
 * Read all tensors of a safetensors file into typed arrays.
 *
 * @throws CircuitTracerError as `readSafetensorsHeader`; `ERR_FILE_FORMAT` for a dtype with no typed array (F16, BF16, F8);
 *   `ERR_OUT_OF_MEMORY`.
 */
export async function readSafetensorsArrays(
  path: string,
): Promise<{ arrays: Map<string, { shape: number[]; data: SafetensorsData }>; metadata: Record<string, string> }> {
  const file = absolutePath(path);
  const { entries, metadata } = await readSafetensorsHeader(file);
  const arrays = new Map<string, { shape: number[]; data: SafetensorsData }>();
  const handle = await open(file, 'r').catch((error: unknown) => {
    throw readError(file, error);
  });
  try {
    for (const entry of entries) {
      const data = allocate(file, entry);
      await fill(handle, file, data, entry.begin);
      arrays.set(entry.name, { shape: [...entry.shape], data });
    }
  } finally {
    await handle.close();
  }
  return { arrays, metadata: { ...metadata } };
}

function allocate(file: string, { name, dtype, begin, end }: SafetensorsEntry): SafetensorsData {
  const TypedArray = Object.hasOwn(arrayTypes, dtype) ? arrayTypes[dtype as keyof typeof arrayTypes] : undefined;
  if (!TypedArray) {
    const known = Object.keys(arrayTypes).join(', ');
    throw new CircuitTracerError('ERR_FILE_FORMAT', `${file}: ${name}: expected a dtype of ${known}; found ${dtype}`);
  }
  try {
    return new TypedArray((end - begin) / TypedArray.BYTES_PER_ELEMENT);
  } catch (cause) {
    throw new CircuitTracerError('ERR_OUT_OF_MEMORY', `${file}: no memory for the ${end - begin} bytes of ${name}`, {
      cause,
    });
  }
}

// One read or write call moves at most 2 GiB; smaller pieces keep the threads of the file system free for others.
const pieceBytes = 64 * 1024 * 1024;

async function fill(handle: FileHandle, file: string, data: SafetensorsData, begin: number): Promise<void> {
  const bytes = asBytes(data);
  for (let done = 0; done < bytes.length; ) {
    const length = Math.min(pieceBytes, bytes.length - done);
    const { bytesRead } = await handle.read(bytes, done, length, begin + done).catch((error: unknown) => {
      throw readError(file, error);
    });
    if (bytesRead === 0) throw new CircuitTracerError('ERR_FILE_READ', `${file}: was cut short while being read`);
    done += bytesRead;
  }
}

/** A tensor to write; `data` holds the product of `shape` numbers, row-major. */
export type TensorToWrite = { readonly name: string; readonly shape: readonly number[] } & (
  | { readonly dtype: 'F32'; readonly data: Float32Array }
  | { readonly dtype: 'I32'; readonly data: Int32Array }
  | { readonly dtype: 'I64'; readonly data: BigInt64Array }
  | { readonly dtype: 'U8'; readonly data: Uint8Array }
);

/**
 * Write a safetensors file, whole or not at all. Arrays are streamed to disk without a copy; they must not change meanwhile.
 *
 * Tensors with the widest numbers come first, so that each begins at a multiple of its number's size.
 *
 * @throws CircuitTracerError `ERR_INVALID_ARGUMENT` for a repeated name or data that doesn't fit its shape;
 *   `ERR_FILE_WRITE`.
 */
export async function writeSafetensors(
  path: string,
  tensors: readonly TensorToWrite[],
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  const ordered = [...tensors].sort((a, b) => b.data.BYTES_PER_ELEMENT - a.data.BYTES_PER_ELEMENT);
  for (const { name, shape, data } of ordered) {
    const count = shape.reduce((product, size) => product * size, 1);
    if (count === data.length) continue;
    throw new CircuitTracerError(
      'ERR_INVALID_ARGUMENT',
      `tensor ${name}: expected ${count} numbers for shape [${shape}], found ${data.length}`,
    );
  }
  const sized = ordered.map(({ name, dtype, shape, data }) => ({ name, dtype, shape, bytes: data.byteLength }));
  const header = encodeSafetensorsHeader(sized, metadata);
  await writeFileAtomically(path, async (handle) => {
    await writeAll(handle, header);
    for (const { data } of ordered) await writeAll(handle, asBytes(data));
  });
}

async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, done, Math.min(pieceBytes, bytes.length - done));
    done += bytesWritten;
  }
}

function asBytes(data: SafetensorsData): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
