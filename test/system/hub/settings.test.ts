import { writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { hubSettings } from '../../../lib/hub/settings';
import { temporaryFolder } from '../../support/temporary-folder';

const home = path.join(homedir(), '.cache', 'huggingface');

test.each([
  [{}, path.join(home, 'hub')],
  [{ XDG_CACHE_HOME: '/x' }, '/x/huggingface/hub'],
  [{ XDG_CACHE_HOME: '/x', HF_HOME: '/h' }, '/h/hub'],
  [{ HF_HOME: '~/h' }, path.join(homedir(), 'h', 'hub')],
  [{ HF_HOME: '/h', HUGGINGFACE_HUB_CACHE: '/old' }, '/old'],
  [{ HF_HOME: '/h', HUGGINGFACE_HUB_CACHE: '/old', HF_HUB_CACHE: '/c' }, '/c'],
])('%j: the cache is %s', async (env, expected) => {
  expect((await hubSettings({}, env)).cacheDir).toBe(expected);
  expect((await hubSettings({ cacheDir: '/given' }, env)).cacheDir).toBe('/given');
});

test.each([
  [undefined, false],
  ['', false],
  ['0', false],
  ['no', false],
  ['1', true],
  ['on', true],
  ['Yes', true],
  ['TRUE', true],
])('HF_HUB_OFFLINE=%s', async (value, expected) => {
  expect((await hubSettings({}, { HF_HUB_OFFLINE: value })).offline).toBe(expected);
  expect((await hubSettings({ offline: !expected }, { HF_HUB_OFFLINE: value })).offline).toBe(!expected);
});

test('the token: option, variables, files', async () => {
  const folder = temporaryFolder();
  const [saved, other] = [path.join(folder, 'token'), path.join(folder, 'other')];
  writeFileSync(saved, 'hf_saved\n');
  writeFileSync(other, ' hf_other ');
  const tokenOf = async (env: Record<string, string>, token?: string) =>
    (await hubSettings(token === undefined ? {} : { token }, env)).token;
  expect(await tokenOf({ HF_HOME: path.join(folder, 'none') })).toBeUndefined();
  expect(await tokenOf({ HF_HOME: folder })).toBe('hf_saved');
  expect(await tokenOf({ HF_HOME: folder, HF_TOKEN_PATH: other })).toBe('hf_other');
  expect(await tokenOf({ HF_HOME: folder, HF_TOKEN: ' hf_variable\n' })).toBe('hf_variable');
  expect(await tokenOf({ HF_HOME: folder, HF_TOKEN: 'hf_variable' }, 'hf_given')).toBe('hf_given');
});

test('the endpoint has no slash at its end', async () => {
  expect((await hubSettings({}, {})).endpoint).toBe('https://huggingface.co');
  expect((await hubSettings({}, { HF_ENDPOINT: 'http://mirror.example/hub/' })).endpoint).toBe(
    'http://mirror.example/hub',
  );
});
