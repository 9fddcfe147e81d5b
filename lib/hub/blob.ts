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

/** Content of a file of the hub, named by its hash. */
export interface Blob {
  readonly layout: CacheLayout;
  readonly url: string;
  /** sha256 of files in large file storage, the git object id of others. */
  readonly hash: string;
  readonly size: number;
}

const breaksWithoutProgress = 5;
/** Of connections that go silent instead of breaking, fewer: each takes the whole of the time to wait. */
const silencesWithoutProgress = 3;
/** Another process may be downloading the same for hours; Ctrl-C still ends the wait. */
const lockWaitMs = 24 * 3600 * 1000;

/** Bytes of an earlier download that broke off. */
export function partOf({ layout, hash }: Blob): string {
  return `${layout.blob(hash)}.incomplete`;
}

/**
 * Get a blob into the cache: go on where an earlier download broke off, check size and hash, then give it its name.
 *
 * @param onBytes called with how many bytes are there by now
 * @throws CircuitTracerError `ERR_HUB`, also when what arrives has the wrong hash, `ERR_HUB_ACCESS`, `ERR_HUB_NOT_FOUND`,
 * `ERR_FILE_WRITE` or `ABORT_ERR`.
 */
export async function fetchBlob(client: HubClient, blob: Blob, onBytes: (done: number) => void): Promise<void> {
  const target = blob.layout.blob(blob.hash);
  await makeFolder(dirname(target));
  await makeFolder(blob.layout.locks);
  // Python's library locks the file `<hash>.lock`; ours is a folder, so it has a name of its own.
  const lock = join(blob.layout.locks, `${blob.hash}.node`);
  const work = async () => {
    // Another process may have fetched it while we waited.
    if (!(await fileExists(target))) await fetchWhole(client, blob, target, onBytes);
    onBytes(blob.size);
  };
  await withFileLock(lock, work, lockWaitMs, client.signal);
}

async function fetchWhole(client: HubClient, blob: Blob, target: string, onBytes: (done: number) => void) {
  const part = partOf(blob);
  for (let resumed = (await sizeOf(part)) > 0; ; resumed = false) {
    await fillPart(client, blob, part, onBytes);
    const found = await hashOf(part, blob, client.signal);
    if (found === blob.hash) break;
    await rm(part, { force: true });
    // What was left of an earlier download may be to blame; a whole new one has no excuse.
    if (!resumed) {
      throw new CircuitTracerError(
        'ERR_HUB',
        `${blob.url}: expected the hash ${blob.hash}, found ${found}. What arrived was thrown away; run it again, and check the connection if it stays so.`,
      );
    }
  }
  await rename(part, target);
}

/** Bytes until the part is as long as the whole, through broken connections. */
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

/** @returns why the bytes ended, when it was before their end. */
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

/** At given places, so that two processes that lost track of each other write the same bytes to the same places. */
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
    const known = await sizeOf(part);
    return await open(part, known > 0 && known <= size ? 'r+' : 'w+');
  } catch (error) {
    throw writeError(part, error);
  }
}

/** sha256 of the bytes, or as git names a blob: sha1 of a header and the bytes. */
async function hashOf(file: string, { hash, size }: Blob, signal: AbortSignal | undefined): Promise<string> {
  const sum: Hash = createHash(hash.length === 64 ? 'sha256' : 'sha1');
  if (hash.length === 40) sum.update(`blob ${size}\0`);
  for await (const piece of createReadStream(file, { highWaterMark: 2 ** 20 })) {
    checkNotAborted(signal);
    sum.update(piece as Buffer);
  }
  return sum.digest('hex');
}

async function sizeOf(file: string): Promise<number> {
  return (await stat(file).catch(() => undefined))?.size ?? 0;
}

function tooLong(url: string, size: number): CircuitTracerError {
  return new CircuitTracerError('ERR_HUB', `${url}: expected ${size} bytes, found more. Run it again.`);
}

function keepsBreaking({ url }: Blob, reason: unknown): CircuitTracerError {
  const why = reason instanceof Error ? ` (${reason.message})` : '';
  return new CircuitTracerError(
    'ERR_HUB',
    `${url}: the connection keeps breaking${why}. Run it again later: it goes on where it stopped.`,
    { cause: reason },
  );
}
