import type { FileHandle } from 'node:fs/promises';
import { basename } from 'node:path';
import { CircuitTracerError } from '../errors';
import { checkArraySize, largestArray } from '../memory-limits';
import { inTurns } from '../turns';
import { absolutePath } from './absolute-path';
import { type ByteSource, fileSource } from './byte-source';
import { writeFileAtomically } from './files';
import {
  encodeSafetensorsHeader,
  readHeaderOf,
  readSafetensorsHeader,
  type SafetensorsEntry,
} from './safetensors-header';
import { type StoredDtype, storedDtypeNames, type TensorSource } from './tensor-source';

const storedDtypes: Readonly<Record<string, StoredDtype>> = Object.fromEntries(
  Object.entries(storedDtypeNames).map(([dtype, name]) => [name, dtype as StoredDtype]),
);

export interface SafetensorsFile {
  /** The tensors that can become weights, by name. */
  readonly tensors: Map<string, TensorSource>;
  /**
   * The other tensors of the file (masks, indices, unsupported number formats), by name. They are listed but never
   * used.
   */
  readonly otherTensors: Map<string, { readonly dtype: string; readonly shape: readonly number[] }>;
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Open a safetensors file. Only the header is read and checked.
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

/** A tensor of numbers as stored in a file. */
export interface StoredArray {
  readonly shape: number[];
  /**
   * The numbers. A tensor too large for one array is split into whole rows of the first dimension, in order, with the
   * same number of rows in every array but the last.
   */
  readonly data: SafetensorsData | readonly SafetensorsData[];
}

export interface SafetensorsArrays {
  readonly arrays: Map<string, StoredArray>;
  /** The dtypes, by name, of tensors that were not read because no typed array fits: F16, BF16, F8 and others. */
  readonly otherDtypes: Map<string, string>;
  readonly metadata: Record<string, string>;
}

/**
 * Read the tensors of a safetensors file into typed arrays.
 *
 * @param onRead called with the bytes of each piece; an error it throws stops the read
 * @throws CircuitTracerError as `readSafetensorsHeader`; `ERR_OUT_OF_MEMORY`.
 */
export async function readSafetensorsArrays(
  path: string,
  onRead?: (bytes: number) => void,
): Promise<SafetensorsArrays> {
  const source = await fileSource(path);
  try {
    return await readArraysOf(source, onRead);
  } finally {
    await source.close();
  }
}

/** The same of bytes from anywhere. */
export async function readArraysOf(source: ByteSource, onRead?: (bytes: number) => void): Promise<SafetensorsArrays> {
  const { entries, metadata } = await readHeaderOf(source);
  const arrays: SafetensorsArrays['arrays'] = new Map();
  const otherDtypes: SafetensorsArrays['otherDtypes'] = new Map();
  for (const entry of entries) {
    const parts = allocate(source.name, entry);
    if (!parts) {
      otherDtypes.set(entry.name, entry.dtype);
      continue;
    }
    let begin = entry.begin;
    for (const part of parts) {
      await fill(source, part, begin, onRead);
      begin += part.byteLength;
    }
    const [only, ...more] = parts;
    arrays.set(entry.name, { shape: [...entry.shape], data: only && more.length === 0 ? only : parts });
  }
  return { arrays, otherDtypes, metadata: { ...metadata } };
}

/** Allocate the arrays of a tensor. Undefined for a dtype without a typed array. */
function allocate(file: string, { name, dtype, shape, begin, end }: SafetensorsEntry): SafetensorsData[] | undefined {
  const TypedArray = Object.hasOwn(arrayTypes, dtype) ? arrayTypes[dtype as keyof typeof arrayTypes] : undefined;
  if (!TypedArray) return undefined;
  try {
    const numbers = (end - begin) / TypedArray.BYTES_PER_ELEMENT;
    if (end - begin <= largestArray) return [new TypedArray(numbers)];
    const [rows = 1] = shape;
    const rowNumbers = numbers / rows;
    const each = Math.floor(largestArray / (rowNumbers * TypedArray.BYTES_PER_ELEMENT));
    return Array.from(
      { length: Math.ceil(rows / each) },
      (_, block) => new TypedArray(Math.min(each, rows - block * each) * rowNumbers),
    );
  } catch (cause) {
    throw new CircuitTracerError(
      'ERR_OUT_OF_MEMORY',
      `${file}: not enough memory for the ${end - begin} bytes of ${name}.`,
      {
        cause,
      },
    );
  }
}

// One read or write call moves at most 2 GiB. Smaller pieces keep the file system threads available to other work, and
// allow a stop between pieces.
const pieceBytes = 8 * 1024 * 1024;

async function fill(
  source: ByteSource,
  data: SafetensorsData,
  begin: number,
  onRead?: (bytes: number) => void,
): Promise<void> {
  const bytes = asBytes(data);
  for (let done = 0; done < bytes.length; ) {
    const length = Math.min(pieceBytes, bytes.length - done);
    const bytesRead = await source.read(bytes.subarray(done, done + length), begin + done);
    if (bytesRead === 0)
      throw new CircuitTracerError('ERR_FILE_READ', `${source.name}: was cut short while being read`);
    done += bytesRead;
    onRead?.(bytesRead);
  }
}

/** A tensor to write. `data` holds the numbers of `shape`, row-major, in one array or several. */
export type TensorToWrite = { readonly name: string; readonly shape: readonly number[] } & (
  | { readonly dtype: 'F32'; readonly data: Float32Array | readonly Float32Array[] }
  | { readonly dtype: 'I32'; readonly data: Int32Array }
  | { readonly dtype: 'I64'; readonly data: BigInt64Array }
  | { readonly dtype: 'U8'; readonly data: Uint8Array }
);

/**
 * Write a whole safetensors file or nothing. Arrays are streamed to disk without a copy and must not change during the
 * write.
 *
 * Tensors with the widest numbers come first, so that each tensor is aligned to the size of its numbers.
 *
 * @param onWritten called with the bytes of each piece; an error it throws stops the write
 * @throws CircuitTracerError `ERR_INVALID_ARGUMENT` for a duplicate name or data that does not match its shape;
 * `ERR_FILE_WRITE`.
 */
export async function writeSafetensors(
  path: string,
  tensors: readonly TensorToWrite[],
  metadata: Readonly<Record<string, string>> = {},
  onWritten?: (bytes: number) => void,
): Promise<void> {
  const { header, parts } = layOut(tensors, metadata);
  await writeFileAtomically(path, async (handle) => {
    await writeAll(handle, header);
    for (const part of parts) await writeAll(handle, part, onWritten);
  });
}

/**
 * The same as bytes in memory, a copy.
 *
 * @param onWritten told of the bytes of each piece; what it throws ends the copying
 * @throws CircuitTracerError `ERR_INVALID_ARGUMENT` as {@link writeSafetensors}; `ERR_OUT_OF_MEMORY` for more than 4 GiB.
 */
export async function safetensorsBuffer(
  tensors: readonly TensorToWrite[],
  metadata: Readonly<Record<string, string>>,
  onWritten: (bytes: number) => void,
): Promise<Buffer> {
  const { header, parts } = layOut(tensors, metadata);
  const size = header.length + parts.reduce((sum, { length }) => sum + length, 0);
  checkArraySize([size / 4], 'The bytes of the file', 'write it to a file');
  const buffer = Buffer.alloc(size);
  await inTurns(copyInto(buffer, [header, ...parts], onWritten));
  return buffer;
}

function* copyInto(buffer: Buffer, parts: readonly Uint8Array[], onWritten: (bytes: number) => void): Generator<void> {
  let at = 0;
  for (const part of parts) {
    for (let done = 0; done < part.length; done += pieceBytes) {
      const piece = part.subarray(done, done + pieceBytes);
      buffer.set(piece, at);
      at += piece.length;
      onWritten(piece.length);
      yield;
    }
  }
}

/** The bytes of a file in order: its header, and the numbers of all tensors. */
function layOut(tensors: readonly TensorToWrite[], metadata: Readonly<Record<string, string>>) {
  const ordered = tensors
    .map((tensor) => ({ ...tensor, parts: arrayParts(tensor) }))
    .sort((a, b) => numberBytes(b.parts) - numberBytes(a.parts));
  for (const { name, shape, parts } of ordered) {
    const count = shape.reduce((product, size) => product * size, 1);
    const found = parts.reduce((sum, { length }) => sum + length, 0);
    if (count === found) continue;
    throw new CircuitTracerError(
      'ERR_INVALID_ARGUMENT',
      `Tensor ${name}: expected ${count} numbers for shape [${shape}], found ${found}.`,
    );
  }
  const sized = ordered.map((tensor) => ({ ...tensor, bytes: tensorBytes(tensor) }));
  const header = encodeSafetensorsHeader(sized, metadata);
  return { header, parts: ordered.flatMap(({ parts }) => parts.map(asBytes)) };
}

type TypedParts = readonly Exclude<TensorToWrite['data'], readonly unknown[]>[];

const arrayParts = ({ data }: TensorToWrite): TypedParts => (Array.isArray(data) ? data : [data as TypedParts[number]]);

const numberBytes = ([first]: TypedParts): number => first?.BYTES_PER_ELEMENT ?? 0;

export function tensorBytes(tensor: TensorToWrite): number {
  return arrayParts(tensor).reduce((sum, { byteLength }) => sum + byteLength, 0);
}

async function writeAll(handle: FileHandle, bytes: Uint8Array, onWritten?: (bytes: number) => void): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, done, Math.min(pieceBytes, bytes.length - done));
    done += bytesWritten;
    onWritten?.(bytesWritten);
  }
}

function asBytes(data: SafetensorsData): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
