import { access, readdir } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { CircuitTracerError } from '../errors';
import { makeFolder, writeFileAtomically } from '../io/files';
import { CacheLayout } from './cache-layout';
import type { HubClient } from './client';
import { notFound } from './failures';
import { hubLibrary } from './library';
import { type HubReference, isCommit, scanOf } from './reference';

/** A repository at one commit: its files, and which of them are in the cache. */
export class Repository {
  readonly repo: string;
  readonly layout: CacheLayout;

  private constructor(
    readonly client: HubClient,
    readonly reference: HubReference,
    readonly commit: string,
    /** The paths of all files in the repository or, offline, in the cached part of it. */
    readonly paths: readonly string[],
    /** Whether `paths` comes from the cache alone. */
    readonly fromCache: boolean,
  ) {
    this.repo = reference.repo;
    this.layout = new CacheLayout(client.settings.cacheDir, reference.repo);
  }

  /**
   * Ask the hub for the commit of a revision and its files, in one request.
   *
   * @throws CircuitTracerError `ERR_HUB`, `ERR_HUB_ACCESS`, `ERR_HUB_NOT_FOUND`, `ERR_FILE_WRITE` or `ABORT_ERR`.
   */
  static async online(client: HubClient, reference: HubReference): Promise<Repository> {
    const { repo, revision = 'main' } = reference;
    const additionalFields: ('sha' | 'filePaths')[] = ['sha', 'filePaths'];
    const { endpoint: hubUrl } = client.settings;
    const { sha, filePaths } = await hubLibrary().modelInfo({
      name: repo,
      revision,
      hubUrl,
      additionalFields,
      fetch: client.fetchSmall,
    });
    if (!isCommit(sha) || !Array.isArray(filePaths)) {
      throw new CircuitTracerError('ERR_HUB', `${hubUrl} sent a response in an unknown format. Check HF_ENDPOINT.`);
    }
    const repository = new Repository(client, reference, sha, filePaths, false);
    await repository.#rememberRevision(revision);
    return repository;
  }

  /** The cached part of a revision; undefined when none of it is cached. */
  static async cached(client: HubClient, reference: HubReference): Promise<Repository | undefined> {
    const layout = new CacheLayout(client.settings.cacheDir, reference.repo);
    const commit = await layout.commitOf(reference.revision ?? 'main');
    const paths = commit && (await filesBelow(layout.snapshot(commit)));
    return commit && paths ? new Repository(client, reference, commit, paths, true) : undefined;
  }

  get snapshot(): string {
    return this.layout.snapshot(this.commit);
  }

  /** The path in the repository of a file in the referenced folder. */
  inFolder(name: string): string {
    return this.reference.path === '' ? name : `${this.reference.path}/${name}`;
  }

  has(path: string): boolean {
    return this.paths.includes(path);
  }

  /** The path of a file in the cache, whether or not it has been downloaded. */
  file(path: string): string {
    return this.layout.file(this.commit, path);
  }

  async isCached(path: string): Promise<boolean> {
    return exists(this.file(path));
  }

  /** @throws CircuitTracerError `ERR_HUB_NOT_FOUND` unless the repository has the file. */
  require(path: string): void {
    if (this.has(path)) return;
    const { endpoint, cacheDir } = this.client.settings;
    if (this.fromCache) throw notInCache(this.reference, path, cacheDir);
    const at = `${this.repo}@${this.reference.revision ?? 'main'}`;
    throw notFound(`${at} has no ${path}. See ${endpoint}/${this.repo}/tree/${this.commit} for its files.`);
  }

  /** Store the commit of a revision for offline use. */
  async #rememberRevision(revision: string): Promise<void> {
    if (isCommit(revision) || (await this.layout.commitOf(revision)) === this.commit) return;
    const file = this.layout.ref(revision);
    await makeFolder(join(file, '..'));
    await writeFileAtomically(file, this.commit);
  }
}

/** @param what the missing file or folder; undefined for the whole repository */
export function notInCache(reference: HubReference, what: string | undefined, cacheDir: string): CircuitTracerError {
  const set = `${reference.repo}@${reference.revision ?? 'main'}`;
  const lacking = what === undefined ? `Nothing of ${set} is` : `${what} of ${set} is not`;
  return notFound(
    `${lacking} in the cache ${cacheDir}, and offline mode is on. Fetch it while online, without HF_HUB_OFFLINE: circuit-tracer fetch ${scanOf(reference)}.`,
  );
}

async function filesBelow(folder: string): Promise<string[] | undefined> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => undefined);
  const files = entries?.filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name));
  const whole = files && (await Promise.all(files.map(async (file) => ((await exists(file)) ? [file] : []))));
  return whole?.flat().map((file) => relative(folder, file).split(sep).join('/'));
}

/** Whether a file exists. Follows links, so a link to a deleted blob does not count. */
function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
