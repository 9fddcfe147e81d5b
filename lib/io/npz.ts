import { constants } from 'node:buffer';
import type { FileHandle } from 'node:fs/promises';
import { open } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import type { Entry, ZipFile } from 'yauzl';
import { CircuitTracerError } from '../errors';
import { absolutePath } from './absolute-path';
import { readError, regularFile } from './files';
import { maxNpyHeaderBytes, parseNpyHeader } from './npy';
import type { TensorSource } from './tensor-source';
import { checkZipEntry } from './zip-entry';
import { openZip } from './zip-file';

/** Deflated arrays are held in memory: all of one file together may not take more. Stored ones are never read here. */
const maxInflatedBytes = Math.min(constants.MAX_LENGTH, 2 ** 32);
const maxEntries = 10_000;

/**
 * List the arrays of a NumPy `.npz`, a zip of `.npy`. Stored arrays stay in the file; deflated ones are inflated into
 * memory and checked against their CRC.
 *
 * @returns arrays by name, without `.npy`
 * @throws CircuitTracerError `ERR_FILE_NOT_FOUND`, `ERR_FILE_READ`, or `ERR_FILE_FORMAT` when the zip or an array in it
 * is truncated, damaged, encrypted, or of another dtype or order than little-endian float in C order.
 */
export async function openNpz(file: string): Promise<Map<string, TensorSource>> {
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

async function readEntries(zip: ZipFile, handle: FileHandle, path: string): Promise<Map<string, TensorSource>> {
  const tensors = new Map<string, TensorSource>();
  let inflatedBytes = 0;
  let entries = 0;
  for await (const entry of zip.eachEntry()) {
    if (++entries > maxEntries) throw new Error(`more than ${maxEntries} entries`);
    if (!entry.fileName.endsWith('.npy')) continue;
    const name = entry.fileName.slice(0, -'.npy'.length);
    if (tensors.has(name)) throw new Error(`it holds ${name} twice`);
    if (checkZipEntry(entry, name)) {
      tensors.set(name, await storedArray(zip, handle, path, entry, name));
      continue;
    }
    inflatedBytes += entry.uncompressedSize;
    if (inflatedBytes > maxInflatedBytes) {
      throw new Error(`its compressed arrays take more than ${maxInflatedBytes} bytes; save it with numpy.savez`);
    }
    tensors.set(name, await deflatedArray(zip, path, entry, name));
  }
  return tensors;
}

async function storedArray(
  zip: ZipFile,
  handle: FileHandle,
  path: string,
  entry: Entry,
  name: string,
): Promise<TensorSource> {
  const { fileDataStart } = await zip.readLocalFileHeaderPromise(entry, { minimal: true });
  const head = Buffer.alloc(Math.min(entry.uncompressedSize, maxNpyHeaderBytes));
  const { bytesRead } = await handle.read(head, 0, head.length, fileDataStart);
  const header = parseNpyHeader(head.subarray(0, bytesRead), entry.uncompressedSize, `${name} in ${path}`);
  const { dtype, shape, dataOffset } = header;
  return { name: `${name} in ${path}`, file: path, offset: fileDataStart + dataOffset, dtype, shape, view: [] };
}

async function deflatedArray(zip: ZipFile, path: string, entry: Entry, name: string): Promise<TensorSource> {
  const data = Buffer.allocUnsafe(entry.uncompressedSize);
  let length = 0;
  let checksum = 0;
  // yauzl ends the stream with an error as soon as it's longer, or when it's shorter, than announced.
  for await (const chunk of await zip.openReadStreamPromise(entry)) {
    checksum = crc32(chunk, checksum);
    length += (chunk as Buffer).copy(data, length);
  }
  if (checksum !== entry.crc32) throw new Error(`the checksum of ${name} is wrong`);
  const { dtype, shape, dataOffset } = parseNpyHeader(
    data.subarray(0, maxNpyHeaderBytes),
    length,
    `${name} in ${path}`,
  );
  return { name: `${name} in ${path}`, data, offset: dataOffset, dtype, shape, view: [] };
}

/** yauzl and zlib throw plain errors for a damaged zip. */
function damaged(error: unknown, path: string): unknown {
  const typed = error instanceof CircuitTracerError ? error : readError(path, error);
  if (typed instanceof CircuitTracerError) return typed;
  return new CircuitTracerError(
    'ERR_FILE_FORMAT',
    `${path} isn't a sound .npz file: ${(error as Error).message}. Fetch or save it again.`,
    { cause: error },
  );
}
