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

/** The content to write: bytes, text, or a function that writes to an open file piece by piece. */
export type FileContent = string | Uint8Array | ((handle: FileHandle) => Promise<void>);

// Half of what one JavaScript string can hold; the largest tokenizer.json in use is about 35 MB.
const maxTextBytes = 2 ** 28;

/**
 * Write a whole file or nothing. The content goes to a temporary file in the same folder, which is flushed to disk and
 * then renamed to `path`. Temporary files of the same target left by killed processes are removed.
 *
 * @throws CircuitTracerError `ERR_FILE_WRITE`. Errors thrown by `content` pass through unchanged.
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
 * Create a folder and its missing parent folders. They are created one by one, because the recursive option of Node 20
 * never returns where a folder cannot be created, such as under /proc.
 *
 * @throws CircuitTracerError `ERR_FILE_WRITE`.
 */
export async function makeFolder(folder: string): Promise<void> {
  const path = absolutePath(folder);
  if (await isFolder(path)) return;
  if (path !== dirname(path)) await makeFolder(dirname(path));
  await mkdir(path).catch((error) => {
    // Another process may have created the folder in the meantime. A file of that name is an error.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw folderError(path, error);
  });
  if (!(await isFolder(path))) throw folderError(path, new Error('a file has that name'));
}

function folderError(path: string, error: Error): CircuitTracerError {
  return new CircuitTracerError(
    'ERR_FILE_WRITE',
    `${path}: the folder cannot be created (${error.message}). Choose a writable location.`,
    { cause: error },
  );
}

/**
 * Read a UTF-8 text file.
 *
 * @throws CircuitTracerError `ERR_FILE_NOT_FOUND`, `ERR_FILE_READ`, or `ERR_FILE_FORMAT` when the file is larger than
 *   `maxBytes` (default 256 MiB) or not UTF-8.
 */
export async function readTextFile(path: string, maxBytes = maxTextBytes): Promise<string> {
  const { size } = await regularFile(path);
  if (size > maxBytes) {
    throw new CircuitTracerError(
      'ERR_FILE_FORMAT',
      `${path}: expected at most ${maxBytes} bytes of text, found ${size}.`,
    );
  }
  const bytes = await readFile(path).catch((error: unknown) => {
    throw readError(path, error);
  });
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new CircuitTracerError('ERR_FILE_FORMAT', `${path}: expected UTF-8 text, found invalid bytes.`, { cause });
  }
}

/**
 * Read and parse a JSON file.
 *
 * @throws CircuitTracerError as {@link readTextFile}, and `ERR_FILE_FORMAT` when it is not JSON or exceeds the limits.
 */
export async function readJsonFile(path: string, limits: JsonLimits = {}): Promise<unknown> {
  const text = await readTextFile(path, limits.maxLength);
  try {
    return parseJson(text, limits);
  } catch (cause) {
    const found = text.trim() === '' ? 'an empty file' : (cause as Error).message;
    throw new CircuitTracerError('ERR_FILE_FORMAT', `${path}: expected JSON, found ${found}.`, { cause });
  }
}

/**
 * Read a JSON file whose top-level value is an object.
 *
 * @throws CircuitTracerError as {@link readJsonFile}, and `ERR_FILE_FORMAT` when it holds any other value.
 */
export async function readJsonObject(path: string, limits?: JsonLimits): Promise<Record<string, unknown>> {
  const value = await readJsonFile(path, limits);
  if (isObject(value)) return value;
  throw new CircuitTracerError('ERR_FILE_FORMAT', `${path}: expected a JSON object, found ${describe(value)}.`);
}

/** Whether a path is a regular file or a link to one. */
export async function fileExists(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

/** Whether a path is a folder or a link to one. */
export async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

/**
 * The status of a regular file that must exist and have its content.
 *
 * @throws CircuitTracerError `ERR_FILE_NOT_FOUND`; `ERR_FILE_READ` when it is a folder or its status cannot be read;
 * `ERR_FILE_FORMAT` when it is a Git LFS pointer; `ERR_INVALID_ARGUMENT` for a path with a NUL character.
 */
export async function regularFile(path: string): Promise<Stats> {
  const found = await stat(path).catch((error: unknown) => {
    throw readError(path, error);
  });
  if (!found.isFile())
    throw new CircuitTracerError('ERR_FILE_READ', `${path}: expected a file, found a folder or device.`);
  await refusePointer(path, found.size).catch((error: unknown) => {
    throw readError(path, error);
  });
  return found;
}

/** The typed error for a file system error while reading `path`. */
export function readError(path: string, error: unknown): unknown {
  if (isNulError(error)) return nulError(path, error);
  if (isObject(error) && error.code === 'ERR_FS_FILE_TOO_LARGE') {
    return new CircuitTracerError('ERR_FILE_FORMAT', `${path}: expected at most 2 GiB, found more.`, { cause: error });
  }
  if (!isSystemError(error)) return error;
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') {
    return new CircuitTracerError('ERR_FILE_NOT_FOUND', `${path}: no such file.`, { cause: error });
  }
  return new CircuitTracerError('ERR_FILE_READ', `${path}: cannot be read (${error.message}).`, { cause: error });
}

/**
 * Run `task` while holding a lock against other processes and other callers in this process.
 *
 * The lock is the folder `lock`. `path` need not exist, but the parent folder of the lock must. The lock of a process
 * that died is taken over after 20 seconds. Waits at most `waitMs` (default ten minutes), or until the signal fires.
 *
 * @throws CircuitTracerError `ERR_FILE_WRITE` when the lock cannot be created or acquired in time; `ABORT_ERR`; any
 * error of `task`.
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
    // A lock lost in the meantime (the machine slept) cannot be released, but the work itself is done.
    await release().catch(() => undefined);
  }
}

async function acquireLock(
  path: string,
  lock: string,
  deadline: number,
  signal?: AbortSignal,
): Promise<() => Promise<void>> {
  // Loaded on first use, because it installs signal handlers. Loaded by `require`, because Jest does not support
  // dynamic imports by default.
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
          `${path}: another process holds the lock ${lock}. Wait until it ends, or delete that folder if no such process is running.`,
        );
      }
    }
    await delay(50 + Math.random() * 50);
  }
}

/** The typed error for a file system error while writing `path`. Other errors are returned unchanged. */
export function writeError(path: string, error: unknown): unknown {
  if (isNulError(error)) return nulError(path, error);
  if (!isSystemError(error)) return error;
  const reasons: Record<string, string> = {
    ENOENT: `the folder ${dirname(path)} does not exist. Create it first`,
    ENAMETOOLONG: 'the name is too long for the file system. Choose a shorter name',
    ENOSPC: 'the disk is full. Free some space',
    EDQUOT: 'your disk quota is exceeded. Free some space',
    EFBIG: 'the file would exceed the size limit (ulimit -f). Raise the limit',
    EACCES: 'permission denied. Choose a writable folder',
    EROFS: 'the file system is read-only. Choose another folder',
    EISDIR: 'a folder has that name. Choose another file name',
  };
  const reason = reasons[error.code ?? ''] ?? error.message;
  return new CircuitTracerError('ERR_FILE_WRITE', `${path}: cannot be written: ${reason}.`, { cause: error });
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  // `instanceof Error` does not work: under Jest, errors of Node itself come from another realm.
  return isObject(error) && typeof error.code === 'string' && typeof error.syscall === 'string';
}

/** Whether Node rejected a path with a NUL character, which no file system allows. The error has no system call. */
function isNulError(error: unknown): boolean {
  return isObject(error) && error.code === 'ERR_INVALID_ARG_VALUE';
}

function nulError(path: string, cause: unknown): CircuitTracerError {
  return new CircuitTracerError(
    'ERR_INVALID_ARGUMENT',
    `A path must not contain a NUL character; found ${describe(path)}.`,
    { cause },
  );
}
