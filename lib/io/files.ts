import type { Stats } from 'node:fs';
import { type FileHandle, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { CircuitTracerError } from '../errors';
import { isObject } from '../is-object';
import { type JsonLimits, parseJson } from '../json';
import { checkNotAborted, describe } from '../validate';
import { absolutePath } from './absolute-path';
import { refusePointer } from './lfs-pointer';
import { removeLeftovers, temporaryPath } from './temporary-name';

/** Bytes, text, or a function that writes them piece by piece to an open file. */
export type FileContent = string | Uint8Array | ((handle: FileHandle) => Promise<void>);

// Half of what one JavaScript string can hold; the largest tokenizer.json in use is about 35 MB.
const maxTextBytes = 2 ** 28;

/**
 * Write a whole file or nothing: to a temporary name in the same folder, flushed to disk, then renamed over `path`. What a
 * killed process left of the same file is removed.
 *
 * @throws CircuitTracerError `ERR_FILE_WRITE`; whatever `content` throws itself passes through unchanged.
 */
export async function writeFileAtomically(path: string, content: FileContent): Promise<void> {
  const target = absolutePath(path);
  const temporary = temporaryPath(target);
  await removeLeftovers(dirname(target), target);
  try {
    const handle = await open(temporary, 'wx');
    try {
      if (typeof content === 'function') await content(handle);
      else await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw writeError(target, error);
  }
}

/**
 * Make a folder and those it is in, where they are missing. One by one: Node 20's own recursive way never ends where a
 * folder can't be made, as under /proc.
 *
 * @throws CircuitTracerError `ERR_FILE_WRITE`.
 */
export async function makeFolder(folder: string): Promise<void> {
  const path = absolutePath(folder);
  if (await isFolder(path)) return;
  if (path !== dirname(path)) await makeFolder(dirname(path));
  await mkdir(path).catch((error) => {
    // Another may have made it meanwhile; a file of that name is an error.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw folderError(path, error);
  });
  if (!(await isFolder(path))) throw folderError(path, new Error('a file has that name'));
}

function folderError(path: string, error: Error): CircuitTracerError {
  return new CircuitTracerError(
    'ERR_FILE_WRITE',
    `${path}: the folder can't be made (${error.message}); give a folder that can be written to`,
    { cause: error },
  );
}

/**
 * A UTF-8 text file.
 *
 * @throws CircuitTracerError `ERR_FILE_NOT_FOUND`, `ERR_FILE_READ`, or `ERR_FILE_FORMAT` when the file is larger than
 *   `maxBytes` (default 256 MiB) or not UTF-8.
 */
export async function readTextFile(path: string, maxBytes = maxTextBytes): Promise<string> {
  const { size } = await regularFile(path);
  if (size > maxBytes) {
    throw new CircuitTracerError(
      'ERR_FILE_FORMAT',
      `${path}: expected at most ${maxBytes} bytes of text, found ${size}`,
    );
  }
  const bytes = await readFile(path).catch((error: unknown) => {
    throw readError(path, error);
  });
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new CircuitTracerError('ERR_FILE_FORMAT', `${path}: expected UTF-8 text, found other bytes`, { cause });
  }
}

/**
 * A parsed JSON file.
 *
 * @throws CircuitTracerError as {@link readTextFile}, and `ERR_FILE_FORMAT` when it is not JSON, or exceeds the limits.
 */
export async function readJsonFile(path: string, limits: JsonLimits = {}): Promise<unknown> {
  const text = await readTextFile(path, limits.maxLength);
  try {
    return parseJson(text, limits);
  } catch (cause) {
    const found = text.trim() === '' ? 'an empty file' : (cause as Error).message;
    throw new CircuitTracerError('ERR_FILE_FORMAT', `${path}: expected JSON, found ${found}`, { cause });
  }
}

/**
 * A JSON file that holds an object at its top.
 *
 * @throws CircuitTracerError as {@link readJsonFile}, and `ERR_FILE_FORMAT` when it holds anything but an object.
 */
export async function readJsonObject(path: string, limits?: JsonLimits): Promise<Record<string, unknown>> {
  const value = await readJsonFile(path, limits);
  if (isObject(value)) return value;
  throw new CircuitTracerError('ERR_FILE_FORMAT', `${path}: expected a JSON object, found ${describe(value)}`);
}

/** True for a regular file, or a link to one. */
export async function fileExists(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

/** True for a folder, or a link to one. */
export async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

/**
 * What `stat` says of a file that must be there, with its content.
 *
 * @throws CircuitTracerError `ERR_FILE_NOT_FOUND`; `ERR_FILE_READ` when it is a folder or can't be looked at;
 *   `ERR_FILE_FORMAT` when Git LFS left a pointer in its place; `ERR_INVALID_ARGUMENT` for a path with a NUL character.
 */
export async function regularFile(path: string): Promise<Stats> {
  const found = await stat(path).catch((error: unknown) => {
    throw readError(path, error);
  });
  if (!found.isFile())
    throw new CircuitTracerError('ERR_FILE_READ', `${path}: expected a file, found a folder or device`);
  await refusePointer(path, found.size).catch((error: unknown) => {
    throw readError(path, error);
  });
  return found;
}

/** The typed error for a failure of the file system while reading `path`. */
export function readError(path: string, error: unknown): unknown {
  if (isNulError(error)) return nulError(path, error);
  if (isObject(error) && error.code === 'ERR_FS_FILE_TOO_LARGE') {
    return new CircuitTracerError('ERR_FILE_FORMAT', `${path}: expected at most 2 GiB, found more`, { cause: error });
  }
  if (!isSystemError(error)) return error;
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') {
    return new CircuitTracerError('ERR_FILE_NOT_FOUND', `${path}: no such file`, { cause: error });
  }
  return new CircuitTracerError('ERR_FILE_READ', `${path}: can't be read (${error.message})`, { cause: error });
}

/**
 * Run `task` while holding a lock that other processes (and other callers in this one) respect.
 *
 * The lock is the folder `lock`; `path` itself need not exist, the folder the lock is in must. The lock of a process that
 * died is taken over after 20 seconds. Waits at most `waitMs` (default ten minutes), or until the signal fires.
 *
 * @throws CircuitTracerError `ERR_FILE_WRITE` when the lock can't be made or had in time; `ABORT_ERR`; what `task` throws.
 */
export async function withFileLock<T>(
  path: string,
  task: () => Promise<T>,
  waitMs = 600_000,
  signal?: AbortSignal,
  lock = `${path}.lock`,
): Promise<T> {
  const release = await acquireLock(absolutePath(path), absolutePath(lock), Date.now() + waitMs, signal);
  try {
    return await task();
  } finally {
    // A lock lost meanwhile (the machine slept) can't be released; the work itself is done.
    await release().catch(() => undefined);
  }
}

async function acquireLock(
  path: string,
  lock: string,
  deadline: number,
  signal?: AbortSignal,
): Promise<() => Promise<void>> {
  // Loaded on first use: it installs signal handlers. By require: a plain jest has no dynamic imports.
  const lockfile = require('proper-lockfile') as typeof import('proper-lockfile');
  for (;;) {
    checkNotAborted(signal);
    try {
      const options = { realpath: false, stale: 20_000, onCompromised: () => undefined };
      return await lockfile.lock(path, { ...options, lockfilePath: lock });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ELOCKED') throw writeError(path, error);
      if (Date.now() >= deadline) {
        throw new CircuitTracerError(
          'ERR_FILE_WRITE',
          `${path}: another process still holds ${lock}; wait for it to end, or delete that folder if none is running`,
        );
      }
    }
    await delay(50 + Math.random() * 50);
  }
}

/** The typed error for a failure of the file system while writing `path`; other errors as they are. */
export function writeError(path: string, error: unknown): unknown {
  if (isNulError(error)) return nulError(path, error);
  if (!isSystemError(error)) return error;
  const reasons: Record<string, string> = {
    ENOENT: `the folder ${dirname(path)} doesn't exist; create it first`,
    ENAMETOOLONG: 'the name is too long for the file system; choose another',
    ENOSPC: 'the disk is full; free some space',
    EDQUOT: 'your quota of the disk is used up; free some space',
    EFBIG: 'the file would be larger than its limit (ulimit -f); raise that',
    EACCES: 'permission denied; choose a folder you may write to',
    EROFS: 'the file system is read-only; choose another folder',
    EISDIR: 'a folder has that name; choose another file name',
  };
  const reason = reasons[error.code ?? ''] ?? error.message;
  return new CircuitTracerError('ERR_FILE_WRITE', `${path}: can't be written: ${reason}`, { cause: error });
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  // Not `instanceof Error`: under jest, errors of Node itself come from another realm.
  return isObject(error) && typeof error.code === 'string' && typeof error.syscall === 'string';
}

/** Node's refusal of a path with a NUL character, which no file system knows; it has no system call. */
function isNulError(error: unknown): boolean {
  return isObject(error) && error.code === 'ERR_INVALID_ARG_VALUE';
}

function nulError(path: string, cause: unknown): CircuitTracerError {
  return new CircuitTracerError(
    'ERR_INVALID_ARGUMENT',
    `A path must not hold a NUL character; found ${describe(path)}. Give another path.`,
    { cause },
  );
}
