import { lstat, readdir, rename, rm, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CircuitTracerError } from '../errors';
import { absolutePath } from './absolute-path';
import { makeFolder, writeError } from './files';
import { removeLeftovers, temporaryPath } from './temporary-name';

/**
 * Create a folder with its whole content, or nothing. The folder is filled under a temporary name beside `path`, then
 * renamed.
 *
 * @param path absent or an empty folder
 * @throws CircuitTracerError `ERR_FILE_WRITE`. Errors thrown by `fill` pass through, and nothing is left behind.
 */
export async function makeFolderAtomically(path: string, fill: (folder: string) => Promise<void>): Promise<void> {
  const target = absolutePath(path);
  await checkAbsentOrEmpty(target);
  const temporary = temporaryPath(target);
  await removeLeftovers(dirname(target), target);
  try {
    await makeFolder(temporary);
    await fill(temporary);
    await rename(temporary, target).catch((error: NodeJS.ErrnoException) => {
      throw writeError(target, error);
    });
  } catch (error) {
    await rm(temporary, { recursive: true, force: true }).catch(() => undefined);
    throw error;
  }
}

/** @throws CircuitTracerError `ERR_FILE_WRITE` when `path` exists and is not an empty folder. */
export async function checkAbsentOrEmpty(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (!found) return;
  const names = found.isDirectory() ? await readdir(path).catch(() => undefined) : undefined;
  if (names?.length === 0) return;
  const what = found.isDirectory() ? `a folder with ${names?.length ?? 'unreadable'} entries` : 'a file or link';
  throw new CircuitTracerError(
    'ERR_FILE_WRITE',
    `${path}: expected a new or empty folder, found ${what}. Choose a new folder.`,
  );
}

/**
 * @param path the path of a file or folder, which need not exist yet
 * @throws CircuitTracerError `ERR_FILE_WRITE` when the disk of `path` has less than `bytes` free.
 */
export async function checkDiskSpace(path: string, bytes: number): Promise<void> {
  const folder = absolutePath(path);
  const disk = await statfs(folder).catch(() => undefined);
  if (!disk) {
    if (folder !== dirname(folder)) await checkDiskSpace(dirname(folder), bytes);
    return;
  }
  const free = disk.bavail * disk.bsize;
  if (bytes <= free) return;
  throw new CircuitTracerError(
    'ERR_FILE_WRITE',
    `${path}: ${bytes} bytes are needed, but the disk has only ${free} free. Free some space or choose another disk.`,
  );
}
