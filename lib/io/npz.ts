import { constants } from 'node:buffer';
import type { FileHandle } from 'node:fs/promises';
import { open } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import type { Entry, ZipFile } from 'yauzl';
import { CircuitTracerError } from '../errors';
import { absolutePath } from './absolute-path';
import { readError, regularFile } from './files';
import { checkNpySize, maxNpyHeaderBytes, type NpyHeader, parseNpyHeader } from './npy';
import { fortranView, type StoredDtype, type TensorSource } from './tensor-source';
import { checkZipEntry } from './zip-entry';
import { openZip } from './zip-file';

/**
 * The limit for the deflated arrays of one file, which are held in memory together. Stored arrays are never read here.
 */
const maxInflatedBytes = Math.min(constants.MAX_LENGTH, 2 ** 32);
const maxEntries = 10_000;

export interface NpzFile {
  /** The arrays that can become weights, by name without `.npy`. */
  readonly tensors: Map<string, TensorSource>;
  /**
   * The other arrays of the file (integers, text, structures, other byte orders), by name. They are listed but never
   * used.
   */
  readonly otherTensors: Map<string, { readonly dtype: string; readonly shape: readonly number[] }>;
}

/**
 * List the arrays of a NumPy `.npz`, a zip archive of `.npy` files. Stored arrays stay in the file, and their CRC is
 * checked when they are loaded. Deflated arrays are inflated into memory and checked at once. Fortran order becomes a
 * view.
 *
 * @throws CircuitTracerError `ERR_FILE_NOT_FOUND`, `ERR_FILE_READ`, or `ERR_FILE_FORMAT` when the zip or an array in it
 * is truncated, damaged or encrypted.
 */
export async function openNpz(file: string): Promise<NpzFile> {
  const path = absolutePath(file);
  await regularFile(path);
  let handle: FileHandle | undefined;
  let zip: ZipFile | undefined;
  try {
    handle = await open(path, 'r');
    zip = await openZip(path);
    return await readEntries(zip, handle, path);
  } catch (error) {
    throw damaged(error, path);
  } finally {
    zip?.close();
    await handle?.close();
  }
}

async function readEntries(zip: ZipFile, handle: FileHandle, path: string): Promise<NpzFile> {
  const file: NpzFile = { tensors: new Map(), otherTensors: new Map() };
  let inflatedBytes = 0;
  let entries = 0;
  for await (const entry of zip.eachEntry()) {
    if (++entries > maxEntries) throw new Error(`more than ${maxEntries} entries`);
    if (!entry.fileName.endsWith('.npy')) continue;
    const name = entry.fileName.slice(0, -'.npy'.length);
    if (file.tensors.has(name) || file.otherTensors.has(name)) throw new Error(`the array ${name} appears twice`);
    const isStored = checkZipEntry(entry, name);
    const start = isStored ? (await zip.readLocalFileHeaderPromise(entry, { minimal: true })).fileDataStart : 0;
    const head = isStored ? await readHead(handle, entry, start) : await inflateHead(zip, entry);
    const header = parseNpyHeader(head, `${name} in ${path}`);
    if (!header.dtype) {
      file.otherTensors.set(name, { dtype: header.descr, shape: header.shape });
      continue;
    }
    if (!isStored) inflatedBytes += entry.uncompressedSize;
    if (inflatedBytes > maxInflatedBytes) {
      throw new Error(
        `the compressed arrays take more than ${maxInflatedBytes} bytes (save the file with numpy.savez instead)`,
      );
    }
    const place = isStored ? storedAt(path, entry, start) : { data: await inflateWhole(zip, entry, name), offset: 0 };
    file.tensors.set(name, makeSource(`${name} in ${path}`, header.dtype, header, entry.uncompressedSize, place));
  }
  return file;
}

type Place = Pick<TensorSource, 'file' | 'data' | 'offset' | 'checksum'>;

function storedAt(path: string, { uncompressedSize, crc32 }: Entry, start: number): Place {
  return { file: path, offset: start, checksum: { file: path, start, end: start + uncompressedSize, crc32 } };
}

/** @param place the location of the `.npy` */
function makeSource(name: string, dtype: StoredDtype, header: NpyHeader, size: number, place: Place): TensorSource {
  checkNpySize(dtype, header, size, name);
  const shape = header.fortranOrder ? header.shape.toReversed() : header.shape;
  const view = header.fortranOrder ? fortranView(shape) : [];
  return { name, dtype, shape, view, ...place, offset: place.offset + header.dataOffset };
}

async function readHead(handle: FileHandle, { uncompressedSize }: Entry, start: number): Promise<Buffer> {
  const head = Buffer.alloc(Math.min(uncompressedSize, maxNpyHeaderBytes));
  const { bytesRead } = await handle.read(head, 0, head.length, start);
  return head.subarray(0, bytesRead);
}

async function inflateHead(zip: ZipFile, entry: Entry): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of await zip.openReadStreamPromise(entry)) {
    pieces.push(piece as Buffer);
    length += (piece as Buffer).length;
    if (length >= maxNpyHeaderBytes) break;
  }
  return Buffer.concat(pieces).subarray(0, maxNpyHeaderBytes);
}

async function inflateWhole(zip: ZipFile, entry: Entry, name: string): Promise<Buffer> {
  const data = Buffer.allocUnsafe(entry.uncompressedSize);
  let length = 0;
  let checksum = 0;
  // yauzl ends the stream with an error when it is longer or shorter than announced.
  for await (const chunk of await zip.openReadStreamPromise(entry)) {
    checksum = crc32(chunk, checksum);
    length += (chunk as Buffer).copy(data, length);
  }
  if (checksum !== entry.crc32) throw new Error(`the checksum of ${name} is wrong`);
  return data;
}

/** The typed error for a damaged archive: yauzl and zlib throw plain errors. */
function damaged(error: unknown, path: string): unknown {
  const typed = error instanceof CircuitTracerError ? error : readError(path, error);
  if (typed instanceof CircuitTracerError) return typed;
  return new CircuitTracerError(
    'ERR_FILE_FORMAT',
    `${path} is not a valid .npz file: ${(error as Error).message}. Download or save it again.`,
    { cause: error },
  );
}
