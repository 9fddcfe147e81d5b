import { cpSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { ReplacementModel, Transcoders } from '../../lib';
import { FakeHub } from '../support/fake-hub';
import { modelDir, transcoderDir } from '../support/fixtures';
import { temporaryFolder } from '../support/temporary-folder';

let hub: FakeHub;
const environment = { ...process.env };

beforeEach(async () => {
  hub = await FakeHub.start();
  Object.assign(process.env, { HF_ENDPOINT: hub.endpoint, HF_HOME: temporaryFolder() });
});

afterEach(async () => {
  await hub.stop();
  process.env = { ...environment };
});

const prompt = [3, 5, 7, 11];

async function edgesOf(model: string | undefined, transcoders: string) {
  await using loaded = await ReplacementModel.load(model, transcoders);
  const graph = await loaded.attribute(prompt);
  return { name: loaded.name, scan: graph.scan, edges: graph.edges };
}

describe('sets from the hub give the graphs of local folders', () => {
  test.each([
    ['llama', 'llama-plt-relu-skip'],
    ['llama', 'llama-clt-jumprelu'],
  ])('%s with %s', async (model, set) => {
    hub.addFolder(`meta/${model}`, modelDir(model));
    hub.addFolder('org/set', transcoderDir(set), 'sub/folder');
    const fetched = await edgesOf(`meta/${model}`, 'org/set/sub/folder@main');
    const local = await edgesOf(modelDir(model), transcoderDir(set));
    expect(fetched).toEqual({ ...local, scan: 'org/set//sub/folder@main' });
    hub.takeRequests();
    await using again = await Transcoders.load('org/set/sub/folder');
    expect(again.spec.scan).toBe('org/set//sub/folder');
    expect(hub.takeRequests()).toHaveLength(1);
  });

  test('Gemma Scope: a list of files in another repository', async () => {
    const set = transcoderDir('gemma-scope-tiny');
    hub.addFolder('google/scope', set, 'pt');
    const config = readFileSync(path.join(set, 'config.yaml'), 'utf8').replace(
      /^(\s*- )["']?(.+?)["']?$/gm,
      '$1"hf://google/scope/pt/$2"',
    );
    hub.add('org/set', { 'config.yaml': config });
    await using fetched = await Transcoders.load('org/set');
    await using local = await Transcoders.load(set);
    expect(await fetched.encoderVectors(1)).toEqual(await local.encoderVectors(1));
    expect(fetched.spec.scan).toBe('org/set');
    const copy = path.join(temporaryFolder(), 'copy');
    cpSync(set, copy, { recursive: true });
  });
});
