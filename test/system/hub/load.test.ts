import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ReplacementModel } from '../../../lib';
import { planTranscoders, Transcoders } from '../../../lib/transcoder';
import { expectRejection } from '../../support/expect-rejection';
import { modelDir, transcoderDir } from '../../support/fixtures';
import { temporaryFolder } from '../../support/temporary-folder';
import { useFakeHub } from './support/hub';

const current = useFakeHub();

async function graphOf(model: string, transcoders: string) {
  await using loaded = await ReplacementModel.load(model, transcoders);
  const { edges, activeFeatures, scan } = await loaded.attribute([3, 5, 7, 11]);
  return { name: loaded.name, edges, activeFeatures, scan };
}

test.each([
  ['per layer', 'llama-plt-relu-skip'],
  ['across layers', 'llama-clt-jumprelu'],
])('a set %s gives the graph of local folders', async (_, set) => {
  current.hub.addFolder('meta/llama', modelDir('llama'));
  current.hub.addFolder('org/set', transcoderDir(set), 'sub/folder');
  const fetched = await graphOf('meta/llama', 'org/set/sub/folder@main');
  const local = await graphOf(modelDir('llama'), transcoderDir(set));
  expect(fetched).toEqual({ ...local, scan: 'org/set//sub/folder@main' });
  expect(fetched.edges.some((edge) => edge !== 0)).toBe(true);
});

describe('Gemma Scope, whose config.yaml lists files of another repository', () => {
  const set = transcoderDir('gemma-scope-tiny');
  const listing = (form: string) =>
    readFileSync(path.join(set, 'config.yaml'), 'utf8').replace(/^- (.+)$/gm, `- "${form}"`);

  async function expectSameSet(reference: string, scan: string): Promise<void> {
    await using fetched = await Transcoders.load(reference);
    await using local = await Transcoders.load(set);
    expect(fetched.spec).toEqual({ ...local.spec, scan });
    for (const layer of [0, 3]) expect(await fetched.encoderVectors(layer)).toEqual(await local.encoderVectors(layer));
  }

  test.each(['hf://google/scope/pt/$1', 'hf://google/scope/pt/$1@v2', 'hf://google/scope/pt/$1?revision=v2'])(
    'as %s',
    async (form) => {
      const { revisions, commit } = current.hub.addFolder('google/scope', set, 'pt');
      revisions.set('v2', commit);
      current.hub.add('org/set', { 'config.yaml': listing(form) });
      await expectSameSet('org/set', 'org/set');
    },
  );

  test('from its own folder on', async () => {
    current.hub.addFolder('org/set', set, 'sub');
    await expectSameSet('hf://org/set/sub', 'org/set//sub');
  });

  test('in a config.yaml on this machine', async () => {
    current.hub.addFolder('google/scope', set);
    const folder = temporaryFolder();
    writeFileSync(path.join(folder, 'config.yaml'), listing('hf://google/scope/$1'));
    await expectSameSet(folder, folder);
  });

  test('with an entry that names nothing', async () => {
    current.hub.add('org/set', { 'config.yaml': listing('hf://google') });
    await expectRejection(planTranscoders('org/set'), 'ERR_INVALID_ARGUMENT', /transcoders of .*config\.yaml must be/);
    current.hub.add('org/set', { 'config.yaml': listing('hf://google/none/$1') });
    await expectRejection(planTranscoders('org/set'), 'ERR_HUB_NOT_FOUND', /repository google\/none does not exist/);
  });
});

test('options of planTranscoders', async () => {
  current.hub.addFolder('org/set', transcoderDir('llama-plt-relu-skip'));
  const cacheDir = temporaryFolder();
  const { layers } = await planTranscoders('org/set', { cacheDir });
  expect(layers[0]?.encoder.file).toContain(path.join(cacheDir, 'models--org--set', 'snapshots'));
  const misspelt = { ofline: true } as object;
  await expectRejection(planTranscoders('org/set', misspelt), 'ERR_INVALID_ARGUMENT', /'ofline'.*'offline'/);
  await expectRejection(planTranscoders('org/set', { token: 5 } as never), 'ERR_INVALID_ARGUMENT', /token must be/);
});
