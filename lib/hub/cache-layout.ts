import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CircuitTracerError } from '../errors';
import { describe } from '../validate';
import { isCommit, isPathPart } from './reference';

/**
 * Where the shared cache keeps a repository, as Hugging Face's Python library lays it out:
 * `models--org--name/{blobs/<hash>, refs/<revision>, snapshots/<commit>/<path>}`; paths of snapshots are links to blobs.
 */
export class CacheLayout {
  readonly folder: string;
  readonly locks: string;

  constructor(
    readonly cacheDir: string,
    readonly repo: string,
  ) {
    const name = `models--${repo.replaceAll('/', '--')}`;
    this.folder = join(cacheDir, name);
    this.locks = join(cacheDir, '.locks', name);
  }

  /** @param hash sha256 of files in large file storage, the git object id of others */
  blob(hash: string): string {
    if (/^[0-9a-f]{40}(?:[0-9a-f]{24})?$/.test(hash)) return join(this.folder, 'blobs', hash);
    throw unsafe(this.repo, 'a hash', hash);
  }

  ref(revision: string): string {
    return join(this.folder, 'refs', ...safeParts(this.repo, revision));
  }

  snapshot(commit: string): string {
    if (isCommit(commit)) return join(this.folder, 'snapshots', commit);
    throw unsafe(this.repo, 'a commit', commit);
  }

  /** @throws CircuitTracerError `ERR_HUB` for a path that leads out of the snapshot. */
  file(commit: string, path: string): string {
    return join(this.snapshot(commit), ...safeParts(this.repo, path));
  }

  /** The commit a revision was last seen at; undefined when it never was. */
  async commitOf(revision: string): Promise<string | undefined> {
    if (isCommit(revision)) return revision;
    const commit = await readFile(this.ref(revision), 'utf8').catch(() => '');
    return isCommit(commit.trim()) ? commit.trim() : undefined;
  }
}

function safeParts(repo: string, path: string): string[] {
  const parts = path.split('/');
  if (parts.every(isPathPart)) return parts;
  throw unsafe(repo, 'a path inside the repository', path);
}

function unsafe(repo: string, expected: string, found: string): CircuitTracerError {
  return new CircuitTracerError(
    'ERR_HUB',
    `The hub's answer about ${repo} isn't safe to use: expected ${expected}, found ${describe(found)}.`,
  );
}
