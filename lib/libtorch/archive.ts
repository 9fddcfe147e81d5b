import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { statfs } from 'node:fs/promises';
import path from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { crc32 } from 'node:zlib';
import type { Entry, ZipFile } from 'yauzl';
import type { CallOptions } from '../call-options';
import { CircuitTracerError } from '../errors';
import { makeFolder } from '../io/files';
import { openZip } from '../io/zip-file';
import { writeError } from './download';

export interface UnpackOptions extends Pick<CallOptions, 'signal'> {
  /** Called with the bytes done so far and the total. */
  readonly onBytes?: (done: number, total: number) => void;
  /** The sha256 of every needed entry in base64 (base64url), when a list of them is known. */
  readonly hashes?: ReadonlyMap<string, string>;
}

/** Libraries of Python and of LibTorch's own tests, and static libraries. They are neither linked nor loaded here. */
const unneeded =
  /^(lib)?(torch_python|shm|torch_global_deps|aoti_custom_ops|backend_with_compiler|.*_test)\.|\.(a|pdb)$/;

/**
 * The target path of an entry of a LibTorch archive, a `torch` wheel or an NVIDIA wheel. Undefined for entries not
 * needed to build with LibTorch or to run it. CUDA wheels of torch look for NVIDIA's libraries in the folder `nvidia`
 * beside `torch`.
 */
export function targetOf(entryName: string): string | undefined {
  if (/^nvidia\/.*\/lib\/[^/]+$/.test(entryName)) return entryName;
  const match = /^(?:libtorch|torch)\/(.+)$/.exec(entryName);
  if (!match?.[1]) return undefined;
  const inside = match[1];
  const library = /^lib\/([^/]+)$/.exec(inside)?.[1];
  const wanted = library
    ? !unneeded.test(library)
    : /^((include|share)\/.*[^/]|build-version|version\.py)$/.test(inside);
  return wanted ? `torch/${inside}` : undefined;
}

/**
 * Unpack the needed entries of an archive into a folder, and check sizes, CRCs and the checksums that are known.
 *
 * @throws CircuitTracerError `ERR_FILE_FORMAT` when the archive is damaged, `ERR_FILE_WRITE`, `ABORT_ERR`.
 */
export async function unpack(archive: string, folder: string, options: UnpackOptions = {}): Promise<void> {
  const { onBytes, signal, hashes } = options;
  const zip = await openZip(archive).catch((error) => {
    throw damaged(archive, error);
  });
  try {
    const entries = await neededEntries(zip, archive);
    const total = entries.reduce((sum, { entry }) => sum + entry.uncompressedSize, 0);
    await makeFolder(folder);
    await checkSpace(folder, total, 'Unpacking LibTorch');
    let done = 0;
    const count = (bytes: number) => {
      done += bytes;
      onBytes?.(done, total);
    };
    for (const { entry, target } of entries) {
      const hash = hashes && createHash('sha256');
      const onChunk = (chunk: Buffer) => {
        hash?.update(chunk);
        count(chunk.length);
      };
      await unpackEntry(zip, entry, path.join(folder, target), archive, onChunk, signal);
      if (hash && hashes.get(entry.fileName) !== hash.digest('base64url')) {
        throw damaged(archive, new Error(`the sha256 of ${entry.fileName} is not the one that RECORD lists`));
      }
    }
  } finally {
    zip.close();
  }
}

/** The names of the entries of an archive. */
export async function entryNames(archive: string): Promise<string[]> {
  const zip = await openZip(archive).catch((error) => {
    throw damaged(archive, error);
  });
  try {
    const names: string[] = [];
    for await (const entry of zip.eachEntry()) names.push(entry.fileName);
    return names;
  } catch (error) {
    throw damaged(archive, error);
  } finally {
    zip.close();
  }
}

async function neededEntries(zip: ZipFile, archive: string): Promise<{ entry: Entry; target: string }[]> {
  const entries: { entry: Entry; target: string }[] = [];
  try {
    for await (const entry of zip.eachEntry()) {
      const target = targetOf(entry.fileName);
      if (target) entries.push({ entry, target });
    }
  } catch (error) {
    throw damaged(archive, error);
  }
  return entries;
}

async function unpackEntry(
  zip: ZipFile,
  entry: Entry,
  file: string,
  archive: string,
  onChunk: (chunk: Buffer) => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  let sum = 0;
  const check = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      sum = crc32(chunk, sum);
      onChunk(chunk);
      done(null, chunk);
    },
  });
  await makeFolder(path.dirname(file));
  try {
    await pipeline(await zip.openReadStreamPromise(entry), check, createWriteStream(file), { signal });
  } catch (error) {
    if (signal?.aborted) throw new CircuitTracerError('ABORT_ERR', 'Unpacking was cancelled.', { cause: error });
    throw (error as NodeJS.ErrnoException).syscall ? writeError(error, file) : damaged(archive, error);
  }
  if (sum !== entry.crc32) throw damaged(archive, new Error(`the CRC of ${entry.fileName} is wrong`));
}

/**
 * Check that the disk has room.
 *
 * @throws CircuitTracerError `ERR_FILE_WRITE`.
 */
export async function checkSpace(folder: string, needed: number, work: string): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize >= needed) return;
  const megabytes = (bytes: number) => `${Math.ceil(bytes / 1e6)} MB`;
  throw new CircuitTracerError(
    'ERR_FILE_WRITE',
    `${work} needs ${megabytes(needed)} in ${folder}, but the disk has only ${megabytes(bavail * bsize)} free. Free some ` +
      'space, or set XDG_CACHE_HOME to a folder on another disk.',
  );
}

function damaged(archive: string, cause: unknown): CircuitTracerError {
  const detail = (cause as Error).message;
  return new CircuitTracerError('ERR_FILE_FORMAT', `The archive ${archive} is damaged: ${detail}.`, { cause });
}
