import type { Dirent, Stats } from 'node:fs';
import { lstat, readdir, readFile, realpath, rm } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { CircuitTracerError } from '../errors';
import { CacheLayout } from './cache-layout';
import { isPathPart } from './reference';

/** The cached part of one commit of a repository. */
export interface CachedRevision {
  readonly commit: string;
  /** The branches and tags last known to point at this commit. */
  readonly refs: readonly string[];
  readonly files: number;
  readonly bytes: number;
  /** When its newest file was downloaded, in milliseconds since 1970. */
  readonly fetchedAt: number;
}

export interface CachedRepository {
  readonly repo: string;
  readonly folder: string;
  /** The size on disk, including interrupted downloads. */
  readonly bytes: number;
  readonly incompleteBytes: number;
  readonly revisions: readonly CachedRevision[];
}

/** A repository in the cache, or one of its commits. */
export interface CachedReference {
  readonly repo: string;
  /** The commit; undefined for the whole repository. */
  readonly commit: string | undefined;
}

/** The files that {@link removeFromCache} removes. */
export interface CacheRemoval {
  readonly paths: readonly string[];
  readonly bytes: number;
}

const staleAfterMs = 3600 * 1000;

/**
 * List the model repositories in the cache. `scanCacheDir` of `@huggingface/hub` is not used: it omits folders within
 * repositories, where many transcoder sets are, and fails on revisions without files.
 */
export async function listCache(cacheDir: string): Promise<CachedRepository[]> {
  const names = (await listEntries(cacheDir)).filter((entry) => entry.isDirectory()).map(({ name }) => name);
  const repositories: CachedRepository[] = [];
  for (const name of names.sort()) {
    const [kind, ...parts] = name.split('--');
    if (kind === 'models' && parts.length > 0) repositories.push(await describeRepository(cacheDir, parts.join('/')));
  }
  return repositories;
}

async function describeRepository(cacheDir: string, repo: string): Promise<CachedRepository> {
  const contents = await readContents(new CacheLayout(cacheDir, repo));
  const sizes = [...contents.blobs.values()];
  const incomplete = [...contents.blobs].filter(([name]) => name.endsWith('.incomplete')).map(([, size]) => size);
  const copies = contents.snapshots.flatMap(({ copiedBytes }) => copiedBytes);
  return {
    repo,
    folder: contents.layout.folder,
    bytes: sum([...sizes, ...copies]),
    incompleteBytes: sum(incomplete),
    revisions: contents.snapshots.map(({ commit, refs, files, bytes, fetchedAt }) => ({
      commit,
      refs,
      files,
      bytes,
      fetchedAt,
    })),
  };
}

/**
 * Remove a repository from the cache, or one commit and the files that no other commit uses. Removing a commit also
 * removes interrupted downloads that are more than an hour old.
 *
 * @param reference the result of `findInCache`
 * @throws CircuitTracerError `ERR_FILE_WRITE`.
 */
export async function removeFromCache(
  cacheDir: string,
  { repo, commit }: CachedReference,
  { dryRun }: { dryRun: boolean },
): Promise<CacheRemoval> {
  const contents = await readContents(new CacheLayout(cacheDir, repo));
  const removal = commit === undefined ? removalOfRepository(contents) : await removalOfCommit(contents, commit);
  if (dryRun) return removal;
  for (const path of removal.paths) {
    await rm(path, { recursive: true, force: true }).catch((error: Error) => {
      throw new CircuitTracerError('ERR_FILE_WRITE', `${path}: cannot be removed (${error.message}).`, {
        cause: error,
      });
    });
  }
  return removal;
}

function removalOfRepository({ layout, blobs, snapshots }: Contents): CacheRemoval {
  const bytes = sum([...blobs.values(), ...snapshots.map(({ copiedBytes }) => copiedBytes)]);
  return { paths: [layout.folder, layout.locks], bytes };
}

async function removalOfCommit(contents: Contents, commit: string): Promise<CacheRemoval> {
  const { layout, blobs, snapshots, refs } = contents;
  const removed = snapshots.find((snapshot) => snapshot.commit === commit);
  if (!removed) return { paths: [], bytes: 0 };
  const others = snapshots.filter((snapshot) => snapshot !== removed);
  if (others.length === 0) return removalOfRepository(contents);
  const kept = new Set(others.flatMap((snapshot) => [...snapshot.blobs]));
  const names = [...removed.blobs].filter((name) => !kept.has(name));
  for (const name of blobs.keys()) if (await isStale(join(layout.folder, 'blobs', name))) names.push(name);
  const pointers = [...refs].filter(([, at]) => at === commit).map(([name]) => layout.ref(name));
  return {
    // `.no_exist` and `trees` are written by the Python library.
    paths: [
      layout.snapshot(removed.commit),
      join(layout.folder, '.no_exist', removed.commit),
      join(layout.folder, 'trees', `${removed.commit}.json`),
      ...names.map((name) => join(layout.folder, 'blobs', name)),
      ...pointers,
    ],
    bytes: sum([...names.map((name) => blobs.get(name) ?? 0), removed.copiedBytes]),
  };
}

async function isStale(file: string): Promise<boolean> {
  return file.endsWith('.incomplete') && Date.now() - (await lstat(file)).mtimeMs > staleAfterMs;
}

interface Snapshot extends CachedRevision {
  /** The names of the linked blobs. */
  readonly blobs: ReadonlySet<string>;
  /** The size of copied files, on systems without symbolic and hard links. */
  readonly copiedBytes: number;
}

interface Contents {
  readonly layout: CacheLayout;
  /** The size of each blob by name. */
  readonly blobs: ReadonlyMap<string, number>;
  /** Commits by branch or tag. */
  readonly refs: ReadonlyMap<string, string>;
  readonly snapshots: readonly Snapshot[];
}

async function readContents(layout: CacheLayout): Promise<Contents> {
  const blobs = new Map<string, number>();
  const names = new Map<string, string>();
  for (const file of await filesBelow(join(layout.folder, 'blobs'))) {
    const status = await lstat(join(layout.folder, 'blobs', file)).catch(() => undefined);
    blobs.set(file, status?.size ?? 0);
    if (status) names.set(inodeKey(status), file);
  }
  const refs = new Map<string, string>();
  for (const name of await filesBelow(join(layout.folder, 'refs'))) {
    refs.set(name, (await readFile(join(layout.folder, 'refs', name), 'utf8').catch(() => '')).trim());
  }
  const snapshots: Snapshot[] = [];
  for (const { name } of await listEntries(join(layout.folder, 'snapshots'))) {
    const pointers = [...refs].filter(([, commit]) => commit === name).map(([ref]) => ref);
    snapshots.push(await describeSnapshot(layout, name, pointers, names));
  }
  return { layout, blobs, refs, snapshots };
}

/** The identity of a file, which all its hard links share. */
function inodeKey({ dev, ino }: Stats): string {
  return `${dev} ${ino}`;
}

/** @param blobNames the blob names by inode */
async function describeSnapshot(
  layout: CacheLayout,
  commit: string,
  refs: readonly string[],
  blobNames: ReadonlyMap<string, string>,
): Promise<Snapshot> {
  const folder = join(layout.folder, 'snapshots', commit);
  const blobFolder = await realpath(join(layout.folder, 'blobs')).catch(() => '');
  const blobs = new Set<string>();
  let [files, bytes, copiedBytes, fetchedAt] = [0, 0, 0, 0];
  for (const file of await filesBelow(folder)) {
    const real = await realpath(join(folder, file)).catch(() => undefined);
    const status = real === undefined ? undefined : await lstat(real).catch(() => undefined);
    if (real === undefined || status === undefined) continue;
    const name = relative(blobFolder, real);
    const hardLinked = blobNames.get(inodeKey(status));
    if (blobFolder !== '' && isPathPart(name) && !name.includes(sep)) blobs.add(name);
    else if (hardLinked !== undefined) blobs.add(hardLinked);
    else copiedBytes += status.size;
    [files, bytes, fetchedAt] = [files + 1, bytes + status.size, Math.max(fetchedAt, status.mtimeMs)];
  }
  return { commit, refs, files, bytes, fetchedAt, blobs, copiedBytes };
}

/** The files below a folder, as relative paths with slashes. Empty when the folder does not exist. */
async function filesBelow(folder: string, under = ''): Promise<string[]> {
  const files: string[] = [];
  for (const entry of await listEntries(join(folder, under))) {
    const path = under === '' ? entry.name : `${under}/${entry.name}`;
    if (entry.isDirectory()) files.push(...(await filesBelow(folder, path)));
    else files.push(path);
  }
  return files;
}

function listEntries(folder: string): Promise<Dirent[]> {
  return readdir(folder, { withFileTypes: true }).catch(() => []);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
