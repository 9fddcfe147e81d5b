import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { CircuitTracerError } from '../errors';
import { fileExists, makeFolder, withFileLock, writeError } from '../io/files';
import { checkNotAborted } from '../validate';
import type { CacheLayout } from './cache-layout';
import { type HubClient, Silence } from './client';

/** The content of a file on the hub, named by its hash. */
export interface Blob {
  readonly layout: CacheLayout;
  readonly url: string;
  /** The sha256 for files in Git LFS, the git object id for other files. */
  readonly hash: string;
  readonly size: number;
}

const breaksWithoutProgress = 5;
/**
 * The limit for connections that go silent instead of breaking. It is lower, because each one takes the full timeout.
 */
const silencesWithoutProgress = 3;
/** Another process may spend hours downloading the same file. Ctrl-C still ends the wait. */
const lockWaitMs = 24 * 3600 * 1000;

/** The path of the partial file that an interrupted download leaves. */
export function partOf({ layout, hash }: Blob): string {
  return `${layout.blob(hash)}.incomplete`;
}

/**
 * Download a blob into the cache: resume an interrupted download, check size and hash, then rename the file.
 *
 * @param onBytes called with the number of bytes downloaded so far
 * @throws CircuitTracerError `ERR_HUB`, also when the content has the wrong hash; `ERR_HUB_ACCESS`,
 * `ERR_HUB_NOT_FOUND`, `ERR_FILE_WRITE` or `ABORT_ERR`.
 */
export async function fetchBlob(client: HubClient, blob: Blob, onBytes: (done: number) => void): Promise<void> {
  const target = blob.layout.blob(blob.hash);
  await makeFolder(dirname(target));
  await makeFolder(blob.layout.locks);
  // Python's library locks the file `<hash>.lock`; ours is a folder, so it needs another name.
  const lock = join(blob.layout.locks, `${blob.hash}.node`);
  const work = async () => {
    // Another process may have downloaded the file during the wait.
    if (!(await fileExists(target))) await fetchWhole(client, blob, target, onBytes);
    onBytes(blob.size);
  };
  await withFileLock(lock, work, lockWaitMs, client.signal);
}

async function fetchWhole(client: HubClient, blob: Blob, target: string, onBytes: (done: number) => void) {
  const part = partOf(blob);
  for (let resumed = (await fileSize(part)) > 0; ; resumed = false) {
    await fillPart(client, blob, part, onBytes);
    const found = await computeHash(part, blob, client.signal);
    if (found === blob.hash) break;
    await rm(part, { force: true });
    // A resumed download may have started from damaged bytes, so it is repeated once from the start.
    if (!resumed) {
      throw new CircuitTracerError(
        'ERR_HUB',
        `${blob.url}: expected the hash ${blob.hash}, found ${found}. The download was discarded. Run it again, and check the connection if the error persists.`,
      );
    }
  }
  await rename(part, target);
}

/** Download until the partial file is complete, across broken connections. */
async function fillPart(client: HubClient, blob: Blob, part: string, onBytes: (done: number) => void): Promise<void> {
  const handle = await openPart(part, blob.size);
  try {
    let done = (await handle.stat()).size;
    for (let [breaks, silences] = [0, 0]; done < blob.size; ) {
      onBytes(done);
      const before = done;
      const reason = await append(client, blob, handle, done, (now) => {
        done = now;
        onBytes(now);
      });
      checkNotAborted(client.signal);
      breaks = done > before ? 0 : breaks + 1;
      silences = (done > before ? 0 : silences) + (reason instanceof Silence ? 1 : 0);
      const isOver = breaks >= breaksWithoutProgress || silences >= silencesWithoutProgress;
      if (done < blob.size && isOver) throw keepsBreaking(blob, reason);
      if (breaks > 0) await delay(100 * 2 ** breaks);
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** @returns why the response ended early; undefined when it is complete */
async function append(
  client: HubClient,
  blob: Blob,
  handle: FileHandle,
  start: number,
  onBytes: (done: number) => void,
): Promise<unknown> {
  const silence = new AbortController();
  const { silenceMs } = client.settings;
  const restart = () => setTimeout(() => silence.abort(new Silence(silenceMs)), silenceMs);
  const headers: Record<string, string> = start > 0 ? { range: `bytes=${start}-` } : {};
  const { url, size } = blob;
  const answer = await client.fetch(url, { headers, signal: silence.signal });
  let at = answer.status === 206 ? start : 0;
  let timer = restart();
  try {
    for await (const piece of answer.body ?? []) {
      clearTimeout(timer);
      timer = restart();
      if (at + piece.length > size) throw tooLong(url, size);
      await writeAll(handle, piece, at, partOf(blob));
      at += piece.length;
      onBytes(at);
    }
    return undefined;
  } catch (error) {
    if (error instanceof CircuitTracerError) throw error;
    return silence.signal.aborted ? silence.signal.reason : error;
  } finally {
    clearTimeout(timer);
  }
}

/** Write at explicit offsets, so that two processes unaware of each other write the same bytes to the same offsets. */
async function writeAll(handle: FileHandle, bytes: Uint8Array, start: number, name: string): Promise<void> {
  try {
    for (let done = 0; done < bytes.length; ) {
      done += (await handle.write(bytes, done, bytes.length - done, start + done)).bytesWritten;
    }
  } catch (error) {
    throw writeError(name, error);
  }
}

async function openPart(part: string, size: number): Promise<FileHandle> {
  try {
    const known = await fileSize(part);
    return await open(part, known > 0 && known <= size ? 'r+' : 'w+');
  } catch (error) {
    throw writeError(part, error);
  }
}

/** The sha256 of the bytes, or git's name of a blob: the sha1 of a header and the bytes. */
async function computeHash(file: string, { hash, size }: Blob, signal: AbortSignal | undefined): Promise<string> {
  const sum: Hash = createHash(hash.length === 64 ? 'sha256' : 'sha1');
  if (hash.length === 40) sum.update(`blob ${size}\0`);
  for await (const piece of createReadStream(file, { highWaterMark: 2 ** 20 })) {
    checkNotAborted(signal);
    sum.update(piece as Buffer);
  }
  return sum.digest('hex');
}

async function fileSize(file: string): Promise<number> {
  return (await stat(file).catch(() => undefined))?.size ?? 0;
}

function tooLong(url: string, size: number): CircuitTracerError {
  return new CircuitTracerError('ERR_HUB', `${url}: expected ${size} bytes, found more. Run it again.`);
}

function keepsBreaking({ url }: Blob, reason: unknown): CircuitTracerError {
  const why = reason instanceof Error ? ` (${reason.message})` : '';
  return new CircuitTracerError(
    'ERR_HUB',
    `${url}: the connection keeps breaking${why}. Run it again later to resume the download.`,
    { cause: reason },
  );
}
