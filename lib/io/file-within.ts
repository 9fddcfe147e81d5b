import { constants } from 'node:fs';
import { type FileHandle, open, realpath, stat } from 'node:fs/promises';
import { isAbsolute, join, relative, sep } from 'node:path';
import { CircuitTracerError } from '../errors';

/**
 * Path separators, drives and streams of some file systems, control characters, and anything that decoding again would
 * change.
 */
const unsafe = /[\\/:\p{Cc}]|%[0-9A-Fa-f]{2}/u;

/** Whether a path component stays in its folder on every system and is not hidden. */
export function isSafePart(part: string): boolean {
  return part !== '' && !part.startsWith('.') && !unsafe.test(part);
}

/**
 * The real path of a regular file in a folder. Undefined when there is none, or when a link leads out of the folder.
 *
 * @param parts the result of `pathParts`
 */
export async function fileWithin(folder: string, parts: readonly string[]): Promise<string | undefined> {
  try {
    const root = await realpath(folder);
    const path = await realpath(join(root, ...parts));
    return isInside(relative(root, path)) && (await stat(path)).isFile() ? path : undefined;
  } catch {
    // The file is missing or unreadable, the name is too long, or links form a loop. There is nothing to serve.
    return undefined;
  }
}

function isInside(path: string): boolean {
  return path !== '' && path !== '..' && !path.startsWith(`..${sep}`) && !isAbsolute(path);
}

/** Open a file found by `fileWithin` for reading. Fails if a link or pipe has replaced the file in the meantime. */
export function openFound(path: string): Promise<FileHandle> {
  // Windows has neither of the two flags.
  const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;
  return open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
}

/**
 * Read a whole file found by `fileWithin`.
 *
 * @throws CircuitTracerError `ERR_FILE_FORMAT` when it is larger than `maxBytes` (default 64 MiB).
 */
export async function readWhole(path: string, maxBytes = 2 ** 26): Promise<Buffer> {
  const handle = await openFound(path);
  try {
    const { size } = await handle.stat();
    if (size <= maxBytes) return await handle.readFile();
    throw new CircuitTracerError('ERR_FILE_FORMAT', `${path}: expected at most ${maxBytes} bytes, found ${size}.`);
  } finally {
    await handle.close();
  }
}

/** Read the first bytes, at most `length`, of a file found by `fileWithin`. */
export async function readStart(path: string, length: number): Promise<Buffer> {
  const handle = await openFound(path);
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(length), 0, length, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
