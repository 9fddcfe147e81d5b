import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ReplacementModel } from '../../../lib';
import { openSafetensors } from '../../../lib/io/safetensors';
import { expectRejection } from '../../support/expect-rejection';
import { hashOf } from '../../support/fake-hub';
import { modelDir, transcoderDir } from '../../support/fixtures';
import { useFakeHub } from './support/hub';

const current = useFakeHub();
const set = transcoderDir('llama-plt-relu-skip');

async function load(model: string | undefined, transcoders: string): Promise<string> {
  await using loaded = await ReplacementModel.load(model, transcoders);
  return loaded.name;
}

/** The config of the set, naming another model. */
function configNaming(model: string): string {
  return readFileSync(path.join(set, 'config.yaml'), 'utf8').replace(/^model_name:.*$/m, `model_name: ${model}`);
}

test('transcoders name their model, also as TransformerLens calls it', async () => {
  current.hub.addFolder('meta-llama/Llama-3.2-1B', modelDir('llama'));
  for (const name of ['Llama-3.2-1B', 'meta-llama/Llama-3.2-1B']) {
    current.hub.addFolder('org/set', set).files.set('config.yaml', Buffer.from(configNaming(name)));
    expect(await load(undefined, 'org/set')).toBe('Llama-3.2-1B');
  }
});

test('a set without a name of a model asks for one', async () => {
  const config = configNaming('x').replace(/^model_name.*$/m, '');
  current.hub.addFolder('org/set', set).files.set('config.yaml', Buffer.from(config));
  await expectRejection(load(undefined, 'org/set'), 'ERR_INVALID_ARGUMENT', /^model must be given: .*no model_name/);
});

test('a local model that is missing is told before its transcoders are fetched', async () => {
  current.hub.addFolder('org/set', set);
  await expectRejection(load('./none', 'org/set'), 'ERR_FILE_NOT_FOUND', /none: expected a model folder/);
  expect(current.hub.takeRequests().filter(({ server }) => server === 'cdn')).toEqual([]);
});

test('only required files are fetched: no other formats, and shards by the index', async () => {
  const { files } = current.hub.addFolder('org/model', modelDir('llama'));
  const whole = files.get('model.safetensors') ?? Buffer.of();
  const { tensors } = await openSafetensors(path.join(modelDir('llama'), 'model.safetensors'));
  files.delete('model.safetensors');
  const weight_map = Object.fromEntries([...tensors.keys()].map((name) => [name, 'model-00001-of-00001.safetensors']));
  files.set('model.safetensors.index.json', Buffer.from(JSON.stringify({ weight_map })));
  files.set('model-00001-of-00001.safetensors', whole);
  for (const name of ['pytorch_model.bin', 'model.gguf', 'consolidated.safetensors', 'onnx/model.onnx']) {
    files.set(name, Buffer.alloc(5000, name));
  }
  current.hub.addFolder('org/set', set);
  expect(await load('org/model', 'org/set')).toBe('model');
  const resolved = current.hub.takeRequests().filter(({ url }) => url.startsWith('/org/model/resolve'));
  const names = resolved.map(({ url }) => url.split('/').slice(5).join('/'));
  expect(names).toContain('model-00001-of-00001.safetensors');
  expect(names.filter((name) => /bin|gguf|onnx|consolidated/.test(name))).toEqual([]);
});

test('a model without safetensors', async () => {
  current.hub.addFolder('org/model', modelDir('llama')).files.delete('model.safetensors');
  current.hub.addFolder('org/set', set);
  await expectRejection(
    load('org/model', 'org/set'),
    'ERR_HUB_NOT_FOUND',
    /neither model\.safetensors nor .*index\.json/,
  );
});

test('a cache that Python has filled is used without a download', async () => {
  for (const [repo, folder] of [
    ['org/model', modelDir('llama')],
    ['org/set', set],
  ] as const) {
    const { commit, files } = current.hub.addFolder(repo, folder);
    const home = path.join(current.cacheDir, `models--${repo.replace('/', '--')}`);
    for (const part of ['blobs', 'refs', `snapshots/${commit}`, `.no_exist/${commit}`]) {
      mkdirSync(path.join(home, part), { recursive: true });
    }
    writeFileSync(path.join(home, 'refs', 'main'), commit);
    for (const [name, content] of files) {
      const hash = hashOf('sha256', content);
      writeFileSync(path.join(home, 'blobs', hash), content);
      symlinkSync(path.join('..', '..', 'blobs', hash), path.join(home, 'snapshots', commit, name));
    }
  }
  await load('org/model', 'org/set');
  expect(current.hub.takeRequests().filter(({ url }) => !url.includes('/revision/main'))).toEqual([]);
  process.env.HF_HUB_OFFLINE = '1';
  await load('org/model', 'org/set');
  expect(current.hub.takeRequests()).toEqual([]);
});

test('labels come with the set, packed features do not', async () => {
  const { files } = current.hub.addFolder('org/set', set);
  files.set('labels.json', Buffer.from(JSON.stringify({ labels: { '0:1': 'one' } })));
  files.set('features/index.json.gz', Buffer.alloc(5000));
  await using loaded = await ReplacementModel.load(modelDir('llama'), 'org/set');
  expect(loaded.labels).toEqual({ '0:1': 'one' });
  expect(current.hub.takeRequests().filter(({ url }) => url.includes('features'))).toEqual([]);
});
