import { CircuitTracerError } from '../errors';
import { describe } from '../validate';
import { type CachedReference, type CachedRepository, listCache } from './cached-repositories';
import { notFound } from './failures';
import { isName, parseHubReference } from './reference';

/** A prefix shorter than four digits is more likely a typo than a commit. */
const commitStart = /^[0-9a-f]{4,40}$/;

/**
 * Find the repository or commit in the cache that a text names. The text is a repository, as the cache lists it or as
 * it is written for the hub, with or without `@` and a branch, a tag or a commit prefix; or a commit prefix alone.
 *
 * @throws CircuitTracerError `ERR_HUB_NOT_FOUND` when the cache does not have it; `ERR_INVALID_ARGUMENT` for any other
 * text, and for an ambiguous commit prefix.
 */
export async function findInCache(cacheDir: string, text: string): Promise<CachedReference> {
  const repositories = await listCache(cacheDir);
  const named = (repo: string | undefined) => repositories.find((repository) => repository.repo === repo);
  const [, name = '', revision] = /^([^@]*)(?:@(.*))?$/s.exec(text) ?? [];
  const listed = named(name);
  if (listed) return findRevision(listed, revision);
  const reference = parseHubReference(text);
  const meant = named(reference?.repo);
  if (meant) return findRevision(meant, reference?.revision);
  const begun = repositories.flatMap((repository) => commitsFrom(repository, text));
  if (begun.length > 0) return onlyOne(begun, text);
  if (reference || isName(name))
    throw notFound(`${text} is not in the cache ${cacheDir}. Run circuit-tracer cache ls to list the cache.`);
  throw new CircuitTracerError(
    'ERR_INVALID_ARGUMENT',
    `The cached item must be a repository, repository@revision or a commit, as circuit-tracer cache ls lists them; found ${describe(text)}.`,
  );
}

function findRevision(repository: CachedRepository, revision: string | undefined): CachedReference {
  const { repo, revisions } = repository;
  if (revision === undefined) return { repo, commit: undefined };
  const branchOrTag = revisions.find(({ refs }) => refs.includes(revision));
  if (branchOrTag) return { repo, commit: branchOrTag.commit };
  const begun = commitsFrom(repository, revision);
  if (begun.length > 0) return onlyOne(begun, revision);
  throw notFound(`${repo} is not in the cache at revision ${revision}. Run circuit-tracer cache ls to list the cache.`);
}

function commitsFrom({ repo, revisions }: CachedRepository, start: string): CachedReference[] {
  if (!commitStart.test(start)) return [];
  return revisions.filter(({ commit }) => commit.startsWith(start)).map(({ commit }) => ({ repo, commit }));
}

function onlyOne(found: readonly CachedReference[], start: string): CachedReference {
  const [only] = found;
  if (only && found.length === 1) return only;
  const candidates = found.map(({ repo, commit }) => `${repo}@${commit}`).join(', ');
  throw new CircuitTracerError(
    'ERR_INVALID_ARGUMENT',
    `Several commits begin with ${start}. Choose one: ${candidates}.`,
  );
}
