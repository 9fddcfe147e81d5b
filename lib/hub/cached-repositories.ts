import type { Dirent, Stats } from 'node:fs';
import { lstat, readdir, readFile, realpath, rm } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { CircuitTracerError } from '../errors';
import { CacheLayout } from './cache-layout';
import { isPathPart } from './reference';

/** One commit of a repository, as far as it is in the cache. */
export interface CachedRevision {
  readonly commit: string;
  /** Branches and tags that were last seen at this commit. */
  readonly refs: readonly string[];
  readonly files: number;
  readonly bytes: number;
  /** When its newest file was fetched; milliseconds since 1970. */
  readonly fetchedAt: number;
}

export interface CachedRepository {
  readonly repo: string;
  readonly folder: string;
  /** On disk, with what downloads that broke off have left. */
  readonly bytes: number;
  readonly incompleteBytes: number;
  readonly revisions: readonly CachedRevision[];
}

/** A repository of the cache, or one commit of it. */
export interface CachedReference {
  readonly repo: string;
  /** undefined: all of the repository. */
  readonly commit: string | undefined;
}

/** What {@link removeFromCache} removes, or would. */
export interface CacheRemoval {
  readonly paths: readonly string[];
  readonly bytes: number;
}

const staleAfterMs = 3600 * 1000;

/**
 * The model repositories in the cache. Not by `scanCacheDir` of `@huggingface/hub`, which leaves out folders in
 * repositories, where many sets of transcoders are, and gives up on revisions without files.
 */
export async function listCache(cacheDir: string): Promise<CachedRepository[]> {
  const names = (await entriesOf(cacheDir)).filter((entry) => entry.isDirectory()).map(({ name }) => name);
  const repositories: CachedRepository[] = [];
  for (const name of names.sort()) {
    const [kind, ...parts] = name.split('--');
    if (kind === 'models' && parts.length > 0) repositories.push(await describeRepository(cacheDir, parts.join('/')));
  }
  return repositories;
}

async function describeRepository(cacheDir: string, repo: string): Promise<CachedRepository> {
  const contents = await contentsOf(new CacheLayout(cacheDir, repo));
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
 * Remove a repository from the cache, or one commit of it with what no other commit uses. With a commit, parts of
 * downloads that broke off more than an hour ago are removed, too.
 *
 * @param reference as `findInCache` gives it
 * @throws CircuitTracerError `ERR_FILE_WRITE`.
 */
export async function removeFromCache(
  cacheDir: string,
  { repo, commit }: CachedReference,
  { dryRun }: { dryRun: boolean },
): Promise<CacheRemoval> {
  const contents = await contentsOf(new CacheLayout(cacheDir, repo));
  const removal = commit === undefined ? wholeOf(contents) : await commitOf(contents, commit);
  if (dryRun) return removal;
  for (const path of removal.paths) {
    await rm(path, { recursive: true, force: true }).catch((error: Error) => {
      throw new CircuitTracerError('ERR_FILE_WRITE', `${path}: can't be removed (${error.message})`, { cause: error });
    });
  }
  return removal;
}

function wholeOf({ layout, blobs, snapshots }: Contents): CacheRemoval {
  const bytes = sum([...blobs.values(), ...snapshots.map(({ copiedBytes }) => copiedBytes)]);
  return { paths: [layout.folder, layout.locks], bytes };
}

async function commitOf(contents: Contents, commit: string): Promise<CacheRemoval> {
  const { layout, blobs, snapshots, refs } = contents;
  const removed = snapshots.find((snapshot) => snapshot.commit === commit);
  if (!removed) return { paths: [], bytes: 0 };
  const others = snapshots.filter((snapshot) => snapshot !== removed);
  if (others.length === 0) return wholeOf(contents);
  const kept = new Set(others.flatMap((snapshot) => [...snapshot.blobs]));
  const names = [...removed.blobs].filter((name) => !kept.has(name));
  for (const name of blobs.keys()) if (await isStale(join(layout.folder, 'blobs', name))) names.push(name);
  const pointers = [...refs].filter(([, at]) => at === commit).map(([name]) => layout.ref(name));
  return {
    // `.no_exist` and `trees` are notes of Python's library.
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
  /** Names of the blobs it links to. */
  readonly blobs: ReadonlySet<string>;
  /** Of files that are neither links nor hard links to blobs, where the system has none. */
  readonly copiedBytes: number;
}

interface Contents {
  readonly layout: CacheLayout;
  /** Sizes by name. */
  readonly blobs: ReadonlyMap<string, number>;
  /** Commits by branch or tag. */
  readonly refs: ReadonlyMap<string, string>;
  readonly snapshots: readonly Snapshot[];
}

async function contentsOf(layout: CacheLayout): Promise<Contents> {
  const blobs = new Map<string, number>();
  const names = new Map<string, string>();
  for (const file of await filesBelow(join(layout.folder, 'blobs'))) {
    const status = await lstat(join(layout.folder, 'blobs', file)).catch(() => undefined);
    blobs.set(file, status?.size ?? 0);
    if (status) names.set(inodeOf(status), file);
  }
  const refs = new Map<string, string>();
  for (const name of await filesBelow(join(layout.folder, 'refs'))) {
    refs.set(name, (await readFile(join(layout.folder, 'refs', name), 'utf8').catch(() => '')).trim());
  }
  const snapshots: Snapshot[] = [];
  for (const { name } of await entriesOf(join(layout.folder, 'snapshots'))) {
    const pointers = [...refs].filter(([, commit]) => commit === name).map(([ref]) => ref);
    snapshots.push(await describeSnapshot(layout, name, pointers, names));
  }
  return { layout, blobs, refs, snapshots };
}

/** Hard links to one content have it in common. */
function inodeOf({ dev, ino }: Stats): string {
  return `${dev} ${ino}`;
}

/** @param blobNames by their inodes */
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
    const hardLinked = blobNames.get(inodeOf(status));
    if (blobFolder !== '' && isPathPart(name) && !name.includes(sep)) blobs.add(name);
    else if (hardLinked !== undefined) blobs.add(hardLinked);
    else copiedBytes += status.size;
    [files, bytes, fetchedAt] = [files + 1, bytes + status.size, Math.max(fetchedAt, status.mtimeMs)];
  }
  return { commit, refs, files, bytes, fetchedAt, blobs, copiedBytes };
}

/** Paths with slashes, relative to the folder; none when there is no such folder. */
async function filesBelow(folder: string, under = ''): Promise<string[]> {
  const files: string[] = [];
  for (const entry of await entriesOf(join(folder, under))) {
    const path = under === '' ? entry.name : `${under}/${entry.name}`;
    if (entry.isDirectory()) files.push(...(await filesBelow(folder, path)));
    else files.push(path);
  }
  return files;
}

function entriesOf(folder: string): Promise<Dirent[]> {
  return readdir(folder, { withFileTypes: true }).catch(() => []);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
