import { constants } from 'node:fs';
import { type FileHandle, open, realpath, stat } from 'node:fs/promises';
import { isAbsolute, join, relative, sep } from 'node:path';
import { CircuitTracerError } from '../errors';

/** Separators, drives and streams of some file systems, control characters, and what a second decoding would change. */
const unsafe = /[\\/:\p{Cc}]|%[0-9A-Fa-f]{2}/u;

/** Whether a name in a path stays in its folder on every system, and isn't hidden. */
export function isSafePart(part: string): boolean {
  return part !== '' && !part.startsWith('.') && !unsafe.test(part);
}

/**
 * The real path of a regular file in a folder; undefined when there is none, or when a link leads out of the folder.
 *
 * @param parts as `pathParts` gives them
 */
export async function fileWithin(folder: string, parts: readonly string[]): Promise<string | undefined> {
  try {
    const root = await realpath(folder);
    const path = await realpath(join(root, ...parts));
    return isInside(relative(root, path)) && (await stat(path)).isFile() ? path : undefined;
  } catch {
    // Missing, unreadable, too long a name, links in a circle: nothing to serve.
    return undefined;
  }
}

function isInside(path: string): boolean {
  return path !== '' && path !== '..' && !path.startsWith(`..${sep}`) && !isAbsolute(path);
}

/**
 * Open a file that `fileWithin` found, for reading. It fails when a link or pipe has taken the file's place meanwhile.
 */
export function openFound(path: string): Promise<FileHandle> {
  // Windows has neither flag.
  const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;
  return open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
}

/**
 * A file that `fileWithin` found, whole.
 *
 * @throws CircuitTracerError `ERR_FILE_FORMAT` for one of more than `maxBytes` (default 64 MiB).
 */
export async function readWhole(path: string, maxBytes = 2 ** 26): Promise<Buffer> {
  const handle = await openFound(path);
  try {
    const { size } = await handle.stat();
    if (size <= maxBytes) return await handle.readFile();
    throw new CircuitTracerError('ERR_FILE_FORMAT', `${path}: expected at most ${maxBytes} bytes, found ${size}`);
  } finally {
    await handle.close();
  }
}

/** The first bytes of a file that `fileWithin` found, `length` at most. */
export async function readStart(path: string, length: number): Promise<Buffer> {
  const handle = await openFound(path);
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(length), 0, length, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
