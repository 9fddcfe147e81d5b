import { homedir } from 'node:os';
import path from 'node:path';
import { localPath } from '../../../lib/hub/local-path';
import { isCommit, parseHubReference, requireHubReference, scanOf } from '../../../lib/hub/reference';
import { modelReference } from '../../../lib/model/locate';

const main = { revision: undefined };

test.each([
  ['org/repo', { repo: 'org/repo', path: '', ...main }, 'org/repo'],
  ['org/repo/', { repo: 'org/repo', path: '', ...main }, 'org/repo'],
  ['org/repo@v1.0', { repo: 'org/repo', path: '', revision: 'v1.0' }, 'org/repo@v1.0'],
  ['org/repo@refs/pr/1', { repo: 'org/repo', path: '', revision: 'refs/pr/1' }, 'org/repo@refs/pr/1'],
  ['org/repo/a/b', { repo: 'org/repo', path: 'a/b', ...main }, 'org/repo//a/b'],
  ['org/repo/a/b@dev', { repo: 'org/repo', path: 'a/b', revision: 'dev' }, 'org/repo//a/b@dev'],
  ['org/repo//a/b@dev', { repo: 'org/repo', path: 'a/b', revision: 'dev' }, 'org/repo//a/b@dev'],
  ['hf://org/repo', { repo: 'org/repo', path: '', ...main }, 'org/repo'],
  ['hf://org/repo/a/f.npz', { repo: 'org/repo', path: 'a/f.npz', ...main }, 'org/repo//a/f.npz'],
  ['hf://org/repo/a?revision=dev', { repo: 'org/repo', path: 'a', revision: 'dev' }, 'org/repo//a@dev'],
  [
    'hf://org/repo/a?revision=refs%2Fpr%2F1',
    { repo: 'org/repo', path: 'a', revision: 'refs/pr/1' },
    'org/repo//a@refs/pr/1',
  ],
  ['hf://org/repo/a@dev', { repo: 'org/repo', path: 'a', revision: 'dev' }, 'org/repo//a@dev'],
  ['gemma', { repo: 'mwhanna/gemma-scope-transcoders', path: '', ...main }, 'mwhanna/gemma-scope-transcoders'],
  ['llama', { repo: 'mntss/transcoder-Llama-3.2-1B', path: '', ...main }, 'mntss/transcoder-Llama-3.2-1B'],
])('%s', (text, expected, scan) => {
  expect(parseHubReference(text)).toEqual(expected);
  expect(scanOf(expected)).toBe(scan);
  expect(parseHubReference(scan)).toEqual(expected);
});

test.each([
  '',
  'repo',
  'org/',
  '/org/repo',
  'org/repo@',
  'org/repo/../x',
  'org/repo/./x',
  'org/repo/a//b',
  'org/..',
  '../repo',
  'org/re po',
  'org/repo@../x',
  'org/repo@a@b',
  'org/repo/a\0b',
  'org/repo/a\\b',
  'hf://org',
  'hf://org/repo?revision=',
  'hf://org/repo?revision=%zz',
  'hf://org/repo?branch=x',
  'https://huggingface.co/org/repo',
  'org/re--po',
  '.org/repo',
  'constructor',
  'C:\\models',
])('%j is no reference', (text) => {
  expect(parseHubReference(text)).toBeUndefined();
  expect(() => requireHubReference(text, 'transcoders')).toThrow(
    expect.objectContaining({
      code: 'ERR_INVALID_ARGUMENT',
      message: expect.stringMatching(/org\/repo\/folder.*@revision.*hf:/),
    }),
  );
});

test('model names of TransformerLens map to repositories', () => {
  const repos = ['gemma-2-2b', 'Llama-3.2-1B', 'Qwen3-0.6B', 'gpt2', 'pythia-70m', 'gpt-oss-20b', 'Mistral-7B-v0.1'];
  expect(repos.map((name) => modelReference(name).repo)).toEqual([
    'google/gemma-2-2b',
    'meta-llama/Llama-3.2-1B',
    'Qwen/Qwen3-0.6B',
    'openai-community/gpt2',
    'EleutherAI/pythia-70m',
    'openai/gpt-oss-20b',
    'mistralai/Mistral-7B-v0.1',
  ]);
  expect(modelReference('own/gemma-2-2b').repo).toBe('own/gemma-2-2b');
});

test('paths of this machine', async () => {
  expect(await localPath('lib/hub')).toBe(path.resolve('lib/hub'));
  expect(await localPath('./org/repo')).toBe(path.resolve('org/repo'));
  expect(await localPath('../org')).toBe(path.resolve('../org'));
  expect(await localPath('/no/such')).toBe('/no/such');
  expect(await localPath('~/models')).toBe(path.join(homedir(), 'models'));
  expect(await localPath('org/repo')).toBeUndefined();
  expect(await localPath('package.json')).toBeUndefined();
});

test('isCommit accepts only full commit hashes', () => {
  expect(isCommit('0123456789abcdef0123456789abcdef01234567')).toBe(true);
  expect(isCommit('main')).toBe(false);
  expect(isCommit(undefined)).toBe(false);
});
