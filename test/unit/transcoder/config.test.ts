import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readTranscoderConfig } from '../../../lib/transcoder/config';
import { expectRejection } from '../../support/expect-rejection';
import { temporaryFolder } from '../../support/temporary-folder';

const required = 'model_kind: transcoder_set\nfeature_input_hook: mlp.hook_in\nfeature_output_hook: hook_mlp_out\n';

function folderWith(yaml: string): string {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'config.yaml'), yaml);
  return folder;
}

test('the minimum content of a config is accepted', async () => {
  const folder = folderWith(required);
  expect(await readTranscoderConfig(folder)).toEqual({
    file: join(folder, 'config.yaml'),
    folder,
    modelName: '',
    kind: 'perLayer',
    featureInputHook: 'mlp.hook_in',
    featureOutputHook: 'hook_mlp_out',
    scan: folder,
  });
});

test('every key of config.yaml is read', async () => {
  const folder = folderWith(`
model_name: google/gemma-2-2b
model_kind: cross_layer_transcoder
feature_input_hook: hook_resid_mid
feature_output_hook: mlp.hook_out
transcoders: [a/0.safetensors, /elsewhere/1.safetensors]
activation: topk
k: 7
special_load_fn: gemma-scope-2
scan: [one, two]
repo_id: someone/something
`);
  expect(await readTranscoderConfig(folder)).toEqual({
    file: join(folder, 'config.yaml'),
    folder,
    modelName: 'google/gemma-2-2b',
    kind: 'crossLayer',
    featureInputHook: 'hook_resid_mid',
    featureOutputHook: 'mlp.hook_out',
    files: [join(folder, 'a/0.safetensors'), '/elsewhere/1.safetensors'],
    activation: 'topk',
    k: 7,
    scan: ['one', 'two'],
  });
});

test('null counts as absent, and both spellings of JumpReLU are known', async () => {
  const config = await readTranscoderConfig(folderWith(`${required}activation: jump_relu\nk: null\nscan: null\n`));
  expect(config).toMatchObject({ activation: 'jumprelu' });
  expect(config.k).toBeUndefined();
});

test.each([
  ['facebook/crv-8b-instruct-transcoders', 128],
  ['facebook/crv-8b-instruct-transcoders@main', 128],
  ['someone/else', undefined],
])('k of the set %s is %s', async (scan, k) => {
  const config = await readTranscoderConfig(folderWith(`${required}activation: topk\nscan: ${scan}\n`));
  expect(config.k).toBe(k);
});

test('k in the file wins over the published one', async () => {
  const scan = 'scan: facebook/crv-8b-instruct-transcoders';
  expect(await readTranscoderConfig(folderWith(`${required}${scan}\nk: 3\n`))).toMatchObject({ k: 3 });
});

test.each([
  ['a kind it does not know', required.replace('transcoder_set', 'sae'), /model_kind.*transcoder_set.*"sae"/],
  ['no kind', required.replace(/model_kind.*\n/, ''), /model_kind is missing/],
  ['an unknown input hook', required.replace('mlp.hook_in', 'hook_z'), /feature_input_hook.*hook_resid_mid.*"hook_z"/],
  ['an unknown output hook', required.replace('hook_mlp_out', 'x'), /feature_output_hook.*mlp\.hook_out.*"x"/],
  ['an unknown activation', `${required}activation: gelu\n`, /activation.*relu, topk, jumprelu.*"gelu"/],
  ['an unknown load function', `${required}special_load_fn: magic\n`, /special_load_fn.*gemma-scope.*"magic"/],
])('%s', async (_, yaml, message) => {
  await expectRejection(readTranscoderConfig(folderWith(yaml)), 'ERR_UNSUPPORTED_TRANSCODER', message);
});

test.each([
  ['nothing', '', /mapping of keys, found null/],
  ['a list', '- a\n- b\n', /mapping of keys, found an array/],
  ['broken YAML', 'a: [1,\n', /is not valid YAML/],
  ['a key given twice', `${required}k: 1\nk: 2\n`, /is not valid YAML/],
  ['a misspelt key', `${required}activaton: topk\n`, /'activaton'. Did you mean 'activation'/],
  ['k that is a text', `${required}k: many\n`, /k must be a whole number of 1 or more; found "many"/],
  ['k of zero', `${required}k: 0\n`, /found 0/],
  ['k that is no whole number', `${required}k: 1.5\n`, /found 1.5/],
  ['a list of numbers', `${required}transcoders: [1, 2]\n`, /transcoders must be a list of strings/],
  ['an empty list', `${required}transcoders: []\n`, /transcoders must be a list of strings/],
  ['a name that is a number', `${required}model_name: 3\n`, /model_name must be a string/],
  ['a scan of numbers', `${required}scan: [1]\n`, /scan must be a list of strings/],
])('%s', async (_, yaml, message) => {
  await expectRejection(readTranscoderConfig(folderWith(yaml)), 'ERR_FILE_FORMAT', message);
});

test('aliases that unfold without end', async () => {
  const lines = Array.from({ length: 12 }, (_, i) => `l${i + 1}: &l${i + 1} [${Array(9).fill(`*l${i}`).join(', ')}]`);
  const yaml = `l0: &l0 [x]\n${lines.join('\n')}\n`;
  await expectRejection(readTranscoderConfig(folderWith(yaml)), 'ERR_FILE_FORMAT', /is not valid YAML/);
});

test('entries on the hub stay as they are, others are paths from the folder on', async () => {
  const remote = 'hf://google/gemma-scope/layer_0/params.npz';
  const folder = folderWith(`${required}transcoders:\n- ${remote}\n- layer_1.npz\n`);
  expect((await readTranscoderConfig(folder)).files).toEqual([remote, join(folder, 'layer_1.npz')]);
});

test('a folder of the hub is called as the hub calls it, unless its file has a name', async () => {
  expect(await readTranscoderConfig(folderWith(required), 'org/set//sub@dev')).toMatchObject({
    scan: 'org/set//sub@dev',
  });
  expect(await readTranscoderConfig(folderWith(`${required}scan: own\n`), 'org/set')).toMatchObject({ scan: 'own' });
  const published = 'facebook/crv-8b-instruct-transcoders@0123456789abcdef';
  expect(await readTranscoderConfig(folderWith(`${required}activation: topk\n`), published)).toMatchObject({ k: 128 });
});

test('no folder, and a folder without config.yaml', async () => {
  const folder = temporaryFolder();
  await expectRejection(readTranscoderConfig(folder), 'ERR_FILE_NOT_FOUND', /config\.yaml/);
  await expectRejection(readTranscoderConfig(join(folder, 'none')), 'ERR_FILE_NOT_FOUND', /none/);
});
