import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { findInCache } from '../../../lib/hub/cached-reference';
import { expectRejection } from '../../support/expect-rejection';
import { temporaryFolder } from '../../support/temporary-folder';

const commitOf = (start: string) => start.padEnd(40, '0');
const cacheDir = temporaryFolder();

/** A repository of the cache that has commits of which these are the first digits, the last one `main`. */
function addRepository(folder: string, ...starts: string[]): void {
  const refs = path.join(cacheDir, folder, 'refs');
  for (const start of starts) mkdirSync(path.join(cacheDir, folder, 'snapshots', commitOf(start)), { recursive: true });
  mkdirSync(refs, { recursive: true });
  writeFileSync(path.join(refs, 'main'), commitOf(starts.at(-1) ?? ''));
}

beforeAll(() => {
  addRepository('models--org--set', 'abcd1', 'abcd2', 'beef');
  addRepository('models--org--fork', 'abcd2', 'cafe');
  addRepository('models--gpt2', 'feed');
  addRepository('models--feed', 'f00d');
});

test.each([
  ['org/set', 'org/set', undefined],
  ['hf://org/set', 'org/set', undefined],
  ['org/set//folder', 'org/set', undefined],
  ['gpt2', 'gpt2', undefined],
  ['org/set@main', 'org/set', 'beef'],
  ['hf://org/set?revision=main', 'org/set', 'beef'],
  [`org/set@${commitOf('abcd1')}`, 'org/set', 'abcd1'],
  ['org/set@abcd1', 'org/set', 'abcd1'],
  ['org/set@abcd20000000', 'org/set', 'abcd2'],
  ['gpt2@feed', 'gpt2', 'feed'],
  ['cafe', 'org/fork', 'cafe'],
  // A repository of that name comes before a commit.
  ['feed', 'feed', undefined],
])('%s', async (text, repo, start) => {
  expect(await findInCache(cacheDir, text)).toEqual({ repo, commit: start && commitOf(start) });
});

test.each([
  ['org/set@abcd', [`org/set@${commitOf('abcd1')}`, `org/set@${commitOf('abcd2')}`]],
  ['abcd2', [`org/fork@${commitOf('abcd2')}`, `org/set@${commitOf('abcd2')}`]],
])('%s may be several', async (text, candidates) => {
  const message = new RegExp(`begin with abcd2?\\. Choose one: ${candidates.join(', ')}\\.$`);
  await expectRejection(findInCache(cacheDir, text), 'ERR_INVALID_ARGUMENT', message);
});

test.each([
  ['org/none', 'ERR_HUB_NOT_FOUND', /org\/none is not in the cache/],
  ['none', 'ERR_HUB_NOT_FOUND', /none is not in the cache/],
  ['org/set@v1', 'ERR_HUB_NOT_FOUND', /org\/set is not in the cache at revision v1/],
  ['org/set@bee', 'ERR_HUB_NOT_FOUND', /at revision bee\./],
  ['bee', 'ERR_HUB_NOT_FOUND', /bee is not/],
  ['../set', 'ERR_INVALID_ARGUMENT', /found "..\/set"/],
  ['', 'ERR_INVALID_ARGUMENT', /found ""/],
  ['@main', 'ERR_INVALID_ARGUMENT', /cache ls/],
] as const)('%j is refused', async (text, code, message) => {
  await expectRejection(findInCache(cacheDir, text), code, message);
});
