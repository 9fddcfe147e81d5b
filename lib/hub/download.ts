import { stat, statfs } from 'node:fs/promises';
import { CircuitTracerError } from '../errors';
import { fileExists, makeFolder } from '../io/files';
import { Phase, type ProgressListener } from '../progress';
import { checkNotAborted } from '../validate';
import { type Blob, fetchBlob, partOf } from './blob';
import { hubLibrary } from './library';
import { linkFile } from './link-file';
import type { Repository } from './repository';

/** The files needed from a repository, by their paths in it. */
export interface NeededFiles {
  readonly repository: Repository;
  readonly paths: readonly string[];
}

/** A needed file, its size and the number of bytes in the cache. */
export interface NeededFile {
  readonly repo: string;
  readonly path: string;
  readonly bytes: number;
  readonly cachedBytes: number;
}

/** A file that is not completely in the cache. */
export interface RemoteFile {
  readonly repository: Repository;
  readonly path: string;
  readonly blob: Blob;
  /** The bytes already in the cache: all, none, or those of an interrupted download. */
  readonly present: number;
}

const filesAtOnce = 8;
const pathsPerRequest = 500;

/**
 * Download files into the cache, several at once. Links in snapshots are created once all files are complete, so that a
 * snapshot is never partial.
 *
 * @throws CircuitTracerError as `fetchBlob`; `ERR_FILE_WRITE` before any download when the disk has too little space.
 */
export async function fetchFiles(needed: readonly NeededFiles[], onProgress?: ProgressListener): Promise<void> {
  const missing = await missingFiles(needed);
  const toFetch = missing.filter(({ blob, present }) => present < blob.size || blob.size === 0);
  await checkSpace(toFetch);
  await fetchBlobs(toFetch, onProgress);
  for (const { repository, path, blob } of missing) await linkFile(repository.file(path), blob.layout.blob(blob.hash));
}

/** List the needed files, each once. */
export async function listNeeded(needed: readonly NeededFiles[]): Promise<NeededFile[]> {
  const missing = new Map((await missingFiles(needed)).map((file) => [file.repository.file(file.path), file]));
  const files = new Map<string, NeededFile>();
  for (const { repository, paths } of needed) {
    for (const path of paths) {
      const target = repository.file(path);
      const file = missing.get(target);
      const bytes = file?.blob.size ?? (await stat(target)).size;
      files.set(target, { repo: repository.repo, path, bytes, cachedBytes: file?.present ?? bytes });
    }
  }
  return [...files.values()];
}

/** The size and hash of files missing from the snapshots. */
async function missingFiles(needed: readonly NeededFiles[]): Promise<RemoteFile[]> {
  const files: RemoteFile[] = [];
  for (const { repository, paths } of needed) {
    const absent: string[] = [];
    for (const path of paths) if (!(await repository.isCached(path))) absent.push(path);
    files.push(...(await describeFiles(repository, absent)));
  }
  return files;
}

/** @throws CircuitTracerError `ERR_HUB_NOT_FOUND` for a file that is not in the repository. */
async function describeFiles(repository: Repository, paths: readonly string[]): Promise<RemoteFile[]> {
  for (const path of paths) repository.require(path);
  const files: RemoteFile[] = [];
  const { client, repo, commit, layout } = repository;
  const { endpoint: hubUrl } = client.settings;
  for (let first = 0; first < paths.length; first += pathsPerRequest) {
    const asked = paths.slice(first, first + pathsPerRequest);
    const { fetchSmall } = client;
    const found = await hubLibrary().pathsInfo({ repo, revision: commit, paths: asked, hubUrl, fetch: fetchSmall });
    const byPath = new Map(found.map((info) => [info.path, info]));
    for (const path of asked) {
      const info = byPath.get(path);
      const hash = info?.lfs?.oid ?? info?.oid;
      if (info === undefined || hash === undefined)
        throw new CircuitTracerError(
          'ERR_HUB',
          `${hubUrl} lists ${path} of ${repo} without its size. Run it again later.`,
        );
      const url = `${hubUrl}/${repo}/resolve/${commit}/${path.split('/').map(encodeURIComponent).join('/')}`;
      const blob = { layout, url, hash, size: info.lfs?.size ?? info.size };
      files.push({ repository, path, blob, present: await presentBytes(blob) });
    }
  }
  return files;
}

async function presentBytes(blob: Blob): Promise<number> {
  if (await fileExists(blob.layout.blob(blob.hash))) return blob.size;
  const part = await stat(partOf(blob)).catch(() => undefined);
  // A partial file of full length has not been verified yet, so it does not count as complete.
  return Math.min(part?.size ?? 0, Math.max(0, blob.size - 1));
}

async function checkSpace(files: readonly RemoteFile[]): Promise<void> {
  const cacheDir = files[0]?.blob.layout.cacheDir;
  if (cacheDir === undefined) return;
  await makeFolder(cacheDir);
  const bytes = files.reduce((sum, { blob, present }) => sum + blob.size - present, 0);
  const { bavail, bsize } = await statfs(cacheDir);
  if (bytes <= bavail * bsize) return;
  const megabytes = (count: number) => `${(count / 1e6).toLocaleString('en-US', { maximumSignificantDigits: 3 })} MB`;
  throw new CircuitTracerError(
    'ERR_FILE_WRITE',
    `${cacheDir}: the download needs ${megabytes(bytes)}, but the disk has only ${megabytes(bavail * bsize)} free. Free some space (see circuit-tracer cache ls), or set HF_HUB_CACHE to a folder on another disk.`,
  );
}

async function fetchBlobs(files: readonly RemoteFile[], onProgress?: ProgressListener): Promise<void> {
  if (files.length === 0) return;
  const progress = new DownloadProgress(files, onProgress);
  const queue = uniqueBlobs(files);
  const failed = new AbortController();
  const worker = async () => {
    for (let file = queue.shift(); file && !failed.signal.aborted; file = queue.shift()) {
      const { hash } = file.blob;
      await fetchBlob(file.repository.client.until(failed.signal), file.blob, (done) => progress.update(hash, done));
    }
  };
  const workers = Array.from({ length: Math.min(filesAtOnce, queue.length) }, () =>
    worker().catch((error) => {
      failed.abort(error);
      throw error;
    }),
  );
  // The first failure stops all workers. It is reported once they have released their locks.
  await Promise.allSettled(workers);
  if (failed.signal.aborted) throw failed.signal.reason;
  checkNotAborted(files[0]?.repository.client.signal);
  progress.end();
}

/** The distinct blobs: several files may have the same content. */
function uniqueBlobs(files: readonly RemoteFile[]): RemoteFile[] {
  return [...new Map(files.map((file) => [file.blob.layout.blob(file.blob.hash), file])).values()];
}

/** The progress over all files, in bytes. */
class DownloadProgress {
  readonly #done: Map<string, number>;
  readonly #phase: Phase;

  constructor(files: readonly RemoteFile[], listener: ProgressListener | undefined) {
    const unique = uniqueBlobs(files);
    const total = unique.reduce((sum, { blob }) => sum + blob.size, 0);
    this.#done = new Map(unique.map(({ blob, present }) => [blob.hash, present]));
    this.#phase = new Phase(listener, 'download', total, 'bytes');
  }

  update(hash: string, done: number): void {
    this.#done.set(hash, done);
    this.#phase.reach([...this.#done.values()].reduce((sum, bytes) => sum + bytes, 0));
  }

  end(): void {
    this.#phase.end();
  }
}
