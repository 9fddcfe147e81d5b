import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Graph, readLabels } from '../../../lib';
import { PackedFeatures } from '../../../lib/harvest';
import { readCorpus } from '../../../lib/harvest/corpus';
import { openNpz } from '../../../lib/io/npz';
import { openSafetensors } from '../../../lib/io/safetensors';
import { openCheckpoint } from '../../../lib/model/checkpoint';
import { Tokenizer } from '../../../lib/model/tokenizer';
import { planTranscoders } from '../../../lib/transcoder/formats';
import { expectRejection } from '../../support/expect-rejection';
import { temporaryFolder } from '../../support/temporary-folder';

const oid = 'a'.repeat(64);
const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${oid}\nsize 123456789\n`;
const transcoderConfig =
  'model_kind: transcoder_set\nfeature_input_hook: mlp.hook_in\nfeature_output_hook: mlp.hook_out\n';

/** A folder of files by their names. */
function folderOf(files: Record<string, string>): string {
  const folder = temporaryFolder();
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), content);
  }
  return folder;
}

const fileOf = (name: string, content = pointer) => path.join(folderOf({ [name]: content }), name);

// Field faults, section 3: a Git LFS pointer in place of a file was "not well-formed", "no JSON", or taken for its content.
describe('a Git LFS pointer in place of', () => {
  test.each<[string, () => Promise<unknown>]>([
    ['safetensors', () => openSafetensors(fileOf('model.safetensors'))],
    ['npz', () => openNpz(fileOf('params.npz'))],
    ['config.json', () => openCheckpoint(folderOf({ 'config.json': pointer }))],
    ['a model', () => openCheckpoint(folderOf({ 'config.json': '{}', 'model.safetensors': pointer }))],
    [
      'an index of shards',
      () => openCheckpoint(folderOf({ 'config.json': '{}', 'model.safetensors.index.json': pointer })),
    ],
    [
      'a shard',
      () =>
        openCheckpoint(
          folderOf({
            'config.json': '{}',
            'model.safetensors.index.json': JSON.stringify({ weight_map: { a: 'one.safetensors' } }),
            'one.safetensors': pointer,
          }),
        ),
    ],
    ['tokenizer.json', () => Tokenizer.load(folderOf({ 'tokenizer.json': pointer }))],
    ['config.yaml', () => planTranscoders(folderOf({ 'config.yaml': pointer }))],
    [
      'transcoders',
      () => planTranscoders(folderOf({ 'config.yaml': transcoderConfig, 'layer_0.safetensors': pointer })),
    ],
    [
      'listed transcoders',
      () => planTranscoders(folderOf({ 'config.yaml': `${transcoderConfig}transcoders: [a.npz]\n`, 'a.npz': pointer })),
    ],
    ['a graph', () => Graph.load(fileOf('graph.pt'))],
    ['a graph in safetensors', () => Graph.load(fileOf('graph.safetensors'))],
    ['labels', () => readLabels(fileOf('labels.json'))],
    ['an index of features', () => PackedFeatures.open(folderOf({ 'index.json.gz': pointer }))],
    ['a text to harvest', () => readCorpus(fileOf('text.txt')).next()],
  ])('%s', async (_, read) => {
    await expectRejection(
      read(),
      'ERR_FILE_FORMAT',
      /Git LFS pointer to the 123456789 bytes .*git lfs pull.*circuit-tracer fetch/,
    );
  });

  test('one of the old name, without a size', async () => {
    const file = fileOf('a.json', 'version https://hawser.github.com/spec/v1\r\noid sha256:1\r\n');
    await expectRejection(readLabels(file), 'ERR_FILE_FORMAT', /pointer to the content/);
  });

  test('a file that only mentions one is a file', async () => {
    await expect(
      readLabels(fileOf('labels.json', '{"labels":{"0:1":"version https://git-lfs.github.com/spec/v1"}}')),
    ).resolves.toEqual({
      '0:1': 'version https://git-lfs.github.com/spec/v1',
    });
  });
});
