import { readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ReplacementModel } from '../../../lib';
import type { ErrorCode } from '../../../lib/errors';
import { expectRejection } from '../../support/expect-rejection';
import { modelDir, transcoderDir } from '../../support/fixtures';
import {
  dropTensor,
  editRaw,
  entryOf,
  readRaw,
  replaceTensor,
  setElement,
  writeRaw,
} from '../../support/raw-safetensors';
import { copyOf, temporaryFolder } from '../../support/temporary-folder';
import { testDevice } from '../../support/use-case';

type Damage = (folder: string) => void;
type Row = [what: string, damage: Damage, code: ErrorCode, names: RegExp];

const weights = (folder: string) => path.join(folder, 'model.safetensors');
const keyProjection = 'model.layers.1.self_attn.k_proj.weight';

function editJson(file: string, edit: (json: Record<string, unknown>) => void): void {
  const json = JSON.parse(readFileSync(file, 'utf8'));
  edit(json);
  writeFileSync(file, JSON.stringify(json));
}
const editConfig =
  (edit: (config: Record<string, unknown>) => void): Damage =>
  (folder) =>
    editJson(path.join(folder, 'config.json'), edit);
const remove =
  (file: string): Damage =>
  (folder) =>
    rmSync(path.join(folder, file));
const write =
  (file: string, text: string): Damage =>
  (folder) =>
    writeFileSync(path.join(folder, file), text);
const editWeights =
  (edit: Parameters<typeof editRaw>[1]): Damage =>
  (folder) =>
    editRaw(weights(folder), edit);

function load(folder: string, transcoders = transcoderDir('llama-plt-relu-skip')): Promise<unknown> {
  return ReplacementModel.load(folder, transcoders, { device: testDevice }).then((model) => model.dispose());
}

describe('a model folder that', () => {
  const configRows: Row[] = [
    ['has no config.json', remove('config.json'), 'ERR_FILE_NOT_FOUND', /config\.json/],
    ['has an empty config.json', write('config.json', ''), 'ERR_FILE_FORMAT', /config\.json/],
    ['has half a config.json', write('config.json', '{"model_type": "llama", '), 'ERR_FILE_FORMAT', /config\.json/],
    ['has a list as config.json', write('config.json', '[]'), 'ERR_FILE_FORMAT', /config\.json/],
    [
      'is of an unknown family',
      editConfig((config) => Object.assign(config, { model_type: 'mamba' })),
      'ERR_UNSUPPORTED_MODEL',
      /gpt2.*llama.*mamba/s,
    ],
    [
      'names no family',
      editConfig((config) => Object.assign(config, { model_type: undefined })),
      'ERR_UNSUPPORTED_MODEL',
      /model_type/,
    ],
    [
      'has a width in words',
      editConfig((config) => Object.assign(config, { hidden_size: 'wide' })),
      'ERR_UNSUPPORTED_MODEL',
      /hidden_size.*"wide"/,
    ],
    [
      'has a negative number of layers',
      editConfig((config) => Object.assign(config, { num_hidden_layers: -1 })),
      'ERR_UNSUPPORTED_MODEL',
      /num_hidden_layers.*-1/,
    ],
    [
      'has an unknown activation',
      editConfig((config) => Object.assign(config, { hidden_act: 'wobble' })),
      'ERR_UNSUPPORTED_MODEL',
      /wobble/,
    ],
    [
      'has an unknown kind of rope scaling',
      editConfig((config) => Object.assign(config, { rope_scaling: { rope_type: 'spiral', factor: 2 } })),
      'ERR_UNSUPPORTED_MODEL',
      /spiral/,
    ],
  ];

  const weightRows: Row[] = [
    ['has no weights', remove('model.safetensors'), 'ERR_FILE_NOT_FOUND', /model\.safetensors/],
    ['has an empty weight file', (folder) => truncateSync(weights(folder), 0), 'ERR_FILE_FORMAT', /model\.safetensors/],
    ['ends within the header', (folder) => truncateSync(weights(folder), 100), 'ERR_FILE_FORMAT', /model\.safetensors/],
    [
      'ends within the data',
      (folder) => truncateSync(weights(folder), 50_000),
      'ERR_FILE_FORMAT',
      /model\.safetensors/,
    ],
    [
      'has bytes after the data',
      editWeights((raw) => {
        raw.data = Buffer.concat([raw.data, Buffer.alloc(64)]);
      }),
      'ERR_FILE_FORMAT',
      /model\.safetensors/,
    ],
    [
      'is something else by the name of model.safetensors',
      write('model.safetensors', 'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 364408\n'),
      'ERR_FILE_FORMAT',
      /model\.safetensors/,
    ],
    [
      'has a header that is not JSON',
      (folder) => writeRaw(weights(folder), '{"model.norm.weight": nonsense}', Buffer.alloc(8)),
      'ERR_FILE_FORMAT',
      /model\.safetensors/,
    ],
    [
      'gives a tensor fewer bytes than its shape needs',
      editWeights((raw) => entryOf(raw, keyProjection).shape.push(2)),
      'ERR_FILE_FORMAT',
      /k_proj/,
    ],
    [
      'points a tensor beyond the end of the file',
      editWeights((raw) => {
        entryOf(raw, keyProjection).data_offsets = [1e12, 1e12 + 4096];
      }),
      'ERR_FILE_FORMAT',
      /model\.safetensors/,
    ],
    [
      'has negative offsets',
      editWeights((raw) => {
        entryOf(raw, keyProjection).data_offsets = [-4096, 0];
      }),
      'ERR_FILE_FORMAT',
      /model\.safetensors/,
    ],
    [
      'names a tensor twice, in different places',
      (folder) => {
        const { header, data } = readRaw(weights(folder));
        const text = JSON.stringify(header);
        const twice = `${text.slice(0, -1)},"model.norm.weight":${JSON.stringify(header['model.layers.0.input_layernorm.weight'])}}`;
        writeRaw(weights(folder), twice, data);
      },
      'ERR_FILE_FORMAT',
      /twice|overlaps/,
    ],
  ];

  const tensorRows: Row[] = [
    [
      'lacks a tensor',
      editWeights((raw) => dropTensor(raw, keyProjection)),
      'ERR_WEIGHT',
      /layers\.1\.self_attn\.k_proj/,
    ],
    [
      'has a tensor of the wrong shape',
      editWeights((raw) => replaceTensor(raw, keyProjection, { dtype: 'BF16', shape: [16, 64] }, Buffer.alloc(2048))),
      'ERR_WEIGHT',
      /k_proj.*32.*64|k_proj.*16.*64/s,
    ],
    [
      'has a transposed tensor',
      editWeights((raw) => entryOf(raw, keyProjection).shape.reverse()),
      'ERR_WEIGHT',
      /k_proj.*64.*32|k_proj.*32.*64/s,
    ],
    [
      'has whole numbers for weights',
      editWeights((raw) => Object.assign(entryOf(raw, keyProjection), { dtype: 'I16' })),
      'ERR_WEIGHT',
      /k_proj.*I16/s,
    ],
    [
      'has a dtype nobody knows',
      editWeights((raw) => Object.assign(entryOf(raw, keyProjection), { dtype: 'Q7' })),
      'ERR_WEIGHT',
      /k_proj.*Q7/s,
    ],
    [
      'has a NaN among its weights',
      editWeights((raw) => setElement(raw, keyProjection, 700, 'nan')),
      'ERR_WEIGHT',
      /k_proj/,
    ],
    [
      'has an infinite weight',
      editWeights((raw) => setElement(raw, 'model.embed_tokens.weight', 77, 'inf')),
      'ERR_WEIGHT',
      /embed_tokens/,
    ],
  ];

  const tokenizerRows: Row[] = [
    ['has no tokenizer.json', remove('tokenizer.json'), 'ERR_FILE_NOT_FOUND', /tokenizer\.json/],
    ['has an empty tokenizer.json', write('tokenizer.json', ''), 'ERR_FILE_FORMAT', /tokenizer\.json/],
    ['has a tokenizer.json of another kind', write('tokenizer.json', '{"a": 1}'), 'ERR_TOKENIZER', /tokenizer\.json/],
  ];

  test.each([...configRows, ...weightRows, ...tensorRows, ...tokenizerRows])('%s', async (_, damage, code, names) => {
    const folder = copyOf(modelDir('llama'));
    damage(folder);
    await expectRejection(load(folder), code, names);
  });

  test('does not exist', async () => {
    const folder = path.join(temporaryFolder(), 'nowhere');
    await expectRejection(load(folder), 'ERR_FILE_NOT_FOUND', /nowhere/);
  });

  test('is a file', async () => {
    const file = path.join(temporaryFolder(), 'model');
    writeFileSync(file, '');
    await expectRejection(load(file), 'ERR_FILE_NOT_FOUND', /model/);
  });
});

describe('a sharded model that', () => {
  const index = 'model.safetensors.index.json';
  const second = 'model-00002-of-00002.safetensors';
  const editIndex =
    (edit: (map: Record<string, string>) => void): Damage =>
    (folder) =>
      editJson(path.join(folder, index), (json) => edit(json.weight_map as Record<string, string>));
  const rows: Row[] = [
    ['lacks a shard', remove(second), 'ERR_FILE_NOT_FOUND', /00002-of-00002/],
    ['has an empty shard', write(second, ''), 'ERR_FILE_FORMAT', /00002-of-00002/],
    ['has a broken index', write(index, '{'), 'ERR_FILE_FORMAT', /index\.json/],
    ['has an index without a map', write(index, '{}'), 'ERR_FILE_FORMAT', /weight_map/],
    [
      'looks for a tensor in the wrong shard',
      editIndex((map) => Object.assign(map, { 'model.embed_tokens.weight': second })),
      'ERR_FILE_FORMAT',
      /embed_tokens.*00002-of-00002|00002-of-00002.*embed_tokens/s,
    ],
    [
      'points outside its own folder',
      editIndex((map) => Object.assign(map, { 'lm_head.weight': '../../secret.safetensors' })),
      'ERR_FILE_FORMAT',
      /secret/,
    ],
    [
      'lists a weight nowhere',
      editIndex((map) => {
        delete map['model.embed_tokens.weight'];
      }),
      'ERR_WEIGHT',
      /embed_tokens/,
    ],
  ];

  test.each(rows)('%s', async (_, damage, code, names) => {
    const folder = copyOf(modelDir('llama8b'));
    damage(folder);
    await expectRejection(load(folder, transcoderDir('llama8b-plt-topk')), code, names);
  });
});

test('lazy weights with a NaN fail every run, not the load', async () => {
  const folder = copyOf(modelDir('llama'));
  editWeights((raw) => setElement(raw, keyProjection, 700, 'nan'))(folder);
  const options = { device: testDevice, lazyWeights: true };
  const model = await ReplacementModel.load(folder, transcoderDir('llama-plt-relu-skip'), options);
  await expectRejection(model.forward('She counted'), 'ERR_WEIGHT', /k_proj/);
  await expectRejection(model.attribute('She counted'), 'ERR_WEIGHT', /k_proj/);
  await model.dispose();
});

test('after all these the next load works', async () => {
  const model = await ReplacementModel.load(modelDir('llama'), transcoderDir('llama-plt-relu-skip'), {
    device: testDevice,
  });
  expect((await model.forward('She counted')).data.every(Number.isFinite)).toBe(true);
  await model.dispose();
});
