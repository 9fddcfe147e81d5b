import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { openCheckpoint } from '../../../lib/model/checkpoint';
import { expectRejection } from '../../support/expect-rejection';
import { modelDir } from '../../support/fixtures';
import { copyOf, temporaryFolder } from '../../support/temporary-folder';

describe('openCheckpoint', () => {
  test('reads one file, and lists tensors it has no use for', async () => {
    const { config, tensors, folder } = await openCheckpoint(modelDir('gpt2'));
    expect([config.model_type, folder]).toEqual(['gpt2', modelDir('gpt2')]);
    expect(tensors.get('h.0.attn.bias')?.shape).toEqual([1, 1, 64, 64]);
  });

  test('gathers shards', async () => {
    const { tensors } = await openCheckpoint(modelDir('llama8b'));
    expect(tensors.get('lm_head.weight')?.name).toBe('lm_head.weight in model-00001-of-00002.safetensors');
    expect(tensors.get('model.norm.weight')?.file).toMatch(/00002-of-00002/);
  });

  test('says what it looked for', async () => {
    const folder = temporaryFolder();
    await expectRejection(
      openCheckpoint(path.join(folder, 'nowhere')),
      'ERR_FILE_NOT_FOUND',
      /nowhere.*folder does not exist/,
    );
    await expectRejection(openCheckpoint(folder), 'ERR_FILE_NOT_FOUND', /config\.json/);
    writeFileSync(path.join(folder, 'config.json'), '{}');
    await expectRejection(openCheckpoint(folder), 'ERR_FILE_NOT_FOUND', /model\.safetensors or .*index\.json/);
  });

  test.each(['../x.safetensors', '/x.safetensors', 'a/../../x.safetensors', '', '..', 'a\0b', 7])(
    'keeps to its folder: %j',
    async (shard) => {
      const folder = copyOf(modelDir('llama8b'));
      const index = path.join(folder, 'model.safetensors.index.json');
      const json = JSON.parse(readFileSync(index, 'utf8'));
      json.weight_map['model.norm.weight'] = shard;
      writeFileSync(index, JSON.stringify(json));
      await expectRejection(openCheckpoint(folder), 'ERR_FILE_FORMAT', /model\.norm\.weight/);
    },
  );

  test('misses shards, and tensors in them', async () => {
    const folder = copyOf(modelDir('llama8b'));
    const index = path.join(folder, 'model.safetensors.index.json');
    const json = JSON.parse(readFileSync(index, 'utf8'));
    json.weight_map['model.norm.weight'] = 'model-00001-of-00002.safetensors';
    writeFileSync(index, JSON.stringify(json));
    await expectRejection(openCheckpoint(folder), 'ERR_FILE_FORMAT', /00001-of-00002.*model\.norm\.weight/);
    rmSync(path.join(folder, 'model-00002-of-00002.safetensors'));
    await expectRejection(openCheckpoint(folder), 'ERR_FILE_NOT_FOUND', /00002-of-00002/);
  });
});
