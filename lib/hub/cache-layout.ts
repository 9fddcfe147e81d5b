import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CircuitTracerError } from '../errors';
import { describe } from '../validate';
import { isCommit, isPathPart } from './reference';

/**
 * The layout of a repository in the shared cache, as in Hugging Face's Python library:
 * `models--org--name/{blobs/<hash>, refs/<revision>, snapshots/<commit>/<path>}`. Files of snapshots are links to
 * blobs.
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

  /** @param hash the sha256 for files in Git LFS, the git object id for other files */
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

  /** @throws CircuitTracerError `ERR_HUB` for a path outside the snapshot. */
  file(commit: string, path: string): string {
    return join(this.snapshot(commit), ...safeParts(this.repo, path));
  }

  /** The last known commit of a revision; undefined when none is known. */
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
    `The hub's response about ${repo} is not safe to use: expected ${expected}, found ${describe(found)}.`,
  );
}
