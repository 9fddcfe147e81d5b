import { CircuitTracerError } from '../errors';
import { isObject } from '../is-object';
import { parseJson } from '../json';
import { describe } from '../validate';
import { type ByteSource, fileSource } from './byte-source';
import { repeatedKey } from './repeated-key';

/** A tensor as described by the header. `begin` and `end` are byte offsets into the file. */
export interface SafetensorsEntry {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

export interface SafetensorsHeader {
  /** The entries in file order. */
  readonly entries: readonly SafetensorsEntry[];
  readonly metadata: Readonly<Record<string, string>>;
}

// Format limits: https://github.com/huggingface/safetensors, "Format" and safetensors/src/tensor.rs
const maxHeaderBytes = 100_000_000;
const lengthBytes = 8;

/**
 * The number of bits of each known dtype. The format gains new dtypes; tensors of an unknown one are listed but cannot
 * be read.
 */
const dtypeBits: Readonly<Record<string, number>> = {
  F4: 4,
  F6_E2M3: 6,
  F6_E3M2: 6,
  BOOL: 8,
  U8: 8,
  I8: 8,
  F8_E5M2: 8,
  F8_E4M3: 8,
  F8_E5M2FNUZ: 8,
  F8_E4M3FNUZ: 8,
  F8_E8M0: 8,
  I16: 16,
  U16: 16,
  F16: 16,
  BF16: 16,
  I32: 32,
  U32: 32,
  F32: 32,
  F64: 64,
  I64: 64,
  U64: 64,
  C64: 64,
};

/**
 * Read and check the header of a safetensors file. Only the header is read. A tensor of an unknown dtype is an entry
 * like any other: only the caller knows whether the tensor is needed.
 *
 * @throws CircuitTracerError `ERR_FILE_NOT_FOUND`, `ERR_FILE_READ`, or `ERR_FILE_FORMAT` for a malformed file: a header
 * that is truncated or not JSON, sizes that do not match shapes, or tensors that overlap, leave holes, or do not end at
 * the end of the file.
 */
export async function readSafetensorsHeader(file: string): Promise<SafetensorsHeader> {
  const source = await fileSource(file);
  try {
    return await readHeaderOf(source);
  } finally {
    await source.close();
  }
}

/** The same of bytes from anywhere. */
export async function readHeaderOf(source: ByteSource): Promise<SafetensorsHeader> {
  const { name: file, size } = source;
  const { text, dataStart } = await readHeaderText(source);
  const { __metadata__: metadata, ...tensors } = parseHeader(file, text);
  const entries = Object.entries(tensors).map(([name, value]) => parseEntry(file, name, value, dataStart));
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  checkTiling(file, entries, dataStart, size);
  return { entries, metadata: parseMetadata(file, metadata) };
}

async function readHeaderText(source: ByteSource): Promise<{ text: string; dataStart: number }> {
  const { name: file, size } = source;
  if (size < lengthBytes) {
    throw malformed(file, `expected at least ${lengthBytes} bytes, found ${size}: the file is empty or truncated`);
  }
  const length = (await readExactly(source, lengthBytes, 0)).readBigUInt64LE();
  if (length > maxHeaderBytes) {
    throw malformed(file, `expected a header of at most ${maxHeaderBytes} bytes, found a length of ${length}`);
  }
  const dataStart = lengthBytes + Number(length);
  if (dataStart > size) {
    throw malformed(
      file,
      `expected a header of ${length} bytes, found only ${size - lengthBytes}; the file is cut short`,
    );
  }
  return { text: decodeHeader(file, await readExactly(source, Number(length), lengthBytes)), dataStart };
}

async function readExactly(source: ByteSource, length: number, position: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length);
  const bytesRead = await source.read(buffer, position);
  if (bytesRead === length) return buffer;
  throw malformed(
    source.name,
    `expected ${length} bytes at offset ${position}, found ${bytesRead}; the file changed while read`,
  );
}

function decodeHeader(file: string, bytes: Buffer): string {
  if (bytes[0] !== 0x7b) throw malformed(file, "expected a header that begins with '{'");
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw malformed(file, 'expected a header in UTF-8');
  }
}

function parseHeader(file: string, text: string): Record<string, unknown> {
  let header: Record<string, unknown>;
  try {
    header = parseJson(text) as Record<string, unknown>;
  } catch (cause) {
    throw malformed(file, `expected a header in JSON, found ${(cause as Error).message}`);
  }
  const twice = repeatedKey(text);
  if (twice === undefined) return header;
  throw malformed(file, `expected unique names, found ${JSON.stringify(twice)} twice`);
}

function parseMetadata(file: string, metadata: unknown): Record<string, string> {
  // Some writers put null where there is no metadata.
  if (metadata === undefined || metadata === null) return {};
  if (isObject(metadata) && Object.values(metadata).every((value) => typeof value === 'string')) {
    return metadata as Record<string, string>;
  }
  throw malformed(file, 'expected __metadata__ to be an object of strings');
}

function parseEntry(file: string, name: string, value: unknown, dataStart: number): SafetensorsEntry {
  const where = `tensor ${JSON.stringify(name)}`;
  if (!isObject(value)) throw malformed(file, `${where}: expected an object, found ${describe(value)}`);
  const { dtype, shape, data_offsets: offsets } = value;
  if (typeof dtype !== 'string') throw malformed(file, `${where}: expected a dtype, found ${describe(dtype)}`);
  if (!isSizes(shape)) throw malformed(file, `${where}: expected a shape of non-negative integers`);
  if (!isSizes(offsets) || offsets.length !== 2) throw malformed(file, `${where}: expected two data_offsets`);
  const [begin = 0, end = 0] = offsets;
  const bytes = byteSize(file, where, dtype, shape) ?? end - begin;
  if (end < begin || end - begin !== bytes) {
    const found = `data_offsets give ${end - begin}`;
    throw malformed(file, `${where}: ${dtype} of shape [${shape}] needs ${bytes} bytes, ${found}`);
  }
  return { name, dtype, shape, begin: dataStart + begin, end: dataStart + end };
}

/** The size of a tensor in bytes; undefined for an unknown dtype. */
function byteSize(file: string, where: string, dtype: string, shape: readonly number[]): number | undefined {
  const bits = Object.hasOwn(dtypeBits, dtype) ? dtypeBits[dtype] : undefined;
  if (!bits) return undefined;
  const bytes = shape.includes(0) ? 0 : shape.reduce((product, size) => product * size, bits) / 8;
  if (Number.isSafeInteger(bytes)) return bytes;
  throw malformed(
    file,
    `${where}: ${dtype} of shape [${shape}] does not fill a whole number of bytes, or is too large`,
  );
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}

/** Check that each tensor begins where the previous one ends: a hole may hide data, and an overlap is never valid. */
function checkTiling(file: string, entries: readonly SafetensorsEntry[], dataStart: number, size: number): void {
  let next = dataStart;
  for (const { name, begin, end } of entries) {
    if (begin !== next) {
      const what = begin < next ? 'overlaps the previous tensor' : 'leaves a hole after the previous tensor';
      throw malformed(
        file,
        `tensor ${JSON.stringify(name)}: expected to begin at byte ${next}, found ${begin}: it ${what}`,
      );
    }
    next = end;
  }
  if (next !== size) {
    const what = next > size ? 'the file is truncated' : 'bytes follow the last tensor';
    throw malformed(file, `expected a file of ${next} bytes, found ${size}: ${what}`);
  }
}

function malformed(file: string, problem: string): CircuitTracerError {
  return new CircuitTracerError(
    'ERR_FILE_FORMAT',
    `${file} is not a well-formed safetensors file: ${problem}. Download or save it again.`,
  );
}

/**
 * Encode the header of a safetensors file whose tensors follow in this order.
 *
 * @throws CircuitTracerError `ERR_INVALID_ARGUMENT` for a duplicate name.
 */
export function encodeSafetensorsHeader(
  tensors: readonly { name: string; dtype: string; shape: readonly number[]; bytes: number }[],
  metadata: Readonly<Record<string, string>> = {},
): Buffer {
  const entries = new Map<string, unknown>([['__metadata__', metadata]]);
  let end = 0;
  for (const { name, dtype, shape, bytes } of tensors) {
    if (entries.has(name))
      throw new CircuitTracerError('ERR_INVALID_ARGUMENT', `The tensor name ${name} is used twice.`);
    const begin = end;
    end += bytes;
    entries.set(name, { dtype, shape, data_offsets: [begin, end] });
  }
  const json = Buffer.from(JSON.stringify(Object.fromEntries(entries)));
  const padded = Math.ceil(json.length / 8) * 8;
  const header = Buffer.alloc(lengthBytes + padded, ' ');
  header.writeBigUInt64LE(BigInt(padded));
  json.copy(header, lengthBytes);
  return header;
}
