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
  type RawSafetensors,
  replaceTensor,
  setElement,
} from '../../support/raw-safetensors';
import { copyOf, temporaryFolder } from '../../support/temporary-folder';
import { testDevice } from '../../support/use-case';

type Damage = (folder: string) => void;
type Row = [what: string, damage: Damage, code: ErrorCode, names: RegExp];

const edit =
  (file: string, change: (raw: RawSafetensors) => void): Damage =>
  (folder) =>
    editRaw(path.join(folder, file), change);
const remove =
  (file: string): Damage =>
  (folder) =>
    rmSync(path.join(folder, file));
const truncate =
  (file: string, length: number): Damage =>
  (folder) =>
    truncateSync(path.join(folder, file), length);
const rewriteConfig =
  (pattern: RegExp, replacement: string): Damage =>
  (folder) => {
    const file = path.join(folder, 'config.yaml');
    writeFileSync(file, readFileSync(file, 'utf8').replace(pattern, replacement));
  };

function load(model: string, folder: string): Promise<unknown> {
  const options = { device: testDevice, lazyEncoder: false, lazyDecoder: false };
  return ReplacementModel.load(modelDir(model), folder, options).then((loaded) => loaded.dispose());
}

function check(model: string, transcoders: string, rows: Row[]): void {
  test.each(rows)('%s', async (_, damage, code, names) => {
    const folder = copyOf(transcoderDir(transcoders));
    damage(folder);
    await expectRejection(load(model, folder), code, names);
  });
}

describe('a transcoder folder that', () => {
  check('llama', 'llama-plt-relu-skip', [
    ['has no config.yaml', remove('config.yaml'), 'ERR_FILE_NOT_FOUND', /config\.yaml/],
    ['has an empty config.yaml', truncate('config.yaml', 0), 'ERR_FILE_FORMAT', /config\.yaml/],
    ['has broken YAML', rewriteConfig(/^/, 'a: [1, 2\n'), 'ERR_FILE_FORMAT', /config\.yaml/],
    [
      'names no input hook',
      rewriteConfig(/feature_input_hook.*\n/, ''),
      'ERR_UNSUPPORTED_TRANSCODER',
      /feature_input_hook/,
    ],
    [
      'names an unknown input hook',
      rewriteConfig(/feature_input_hook.*\n/, 'feature_input_hook: hook_brain\n'),
      'ERR_UNSUPPORTED_TRANSCODER',
      /hook_resid_mid.*hook_brain/s,
    ],
    [
      'names an unknown output hook',
      rewriteConfig(/feature_output_hook.*\n/, 'feature_output_hook: hook_brain\n'),
      'ERR_UNSUPPORTED_TRANSCODER',
      /hook_mlp_out.*hook_brain/s,
    ],
    [
      'is of an unknown kind',
      rewriteConfig(/model_kind.*\n/, 'model_kind: autoencoder\n'),
      'ERR_UNSUPPORTED_TRANSCODER',
      /autoencoder/,
    ],
    [
      'has an unknown activation',
      rewriteConfig(/$/, '\nactivation: wobble\n'),
      'ERR_UNSUPPORTED_TRANSCODER',
      /topk.*wobble/s,
    ],
  ]);

  check('llama', 'llama-plt-relu-skip', [
    ['lacks a layer in the middle', remove('layer_2.safetensors'), 'ERR_FILE_NOT_FOUND', /layer_2/],
    ['has fewer layers than the model', remove('layer_3.safetensors'), 'ERR_MODEL_MISMATCH', /3.*4|4.*3/s],
    ['has an empty layer', truncate('layer_1.safetensors', 0), 'ERR_FILE_FORMAT', /layer_1/],
    ['has half a layer', truncate('layer_1.safetensors', 30_000), 'ERR_FILE_FORMAT', /layer_1/],
    [
      'lacks an encoder',
      edit('layer_1.safetensors', (raw) => dropTensor(raw, 'W_enc')),
      'ERR_WEIGHT',
      /W_enc.*layer_1/s,
    ],
    [
      'has a transposed decoder',
      edit('layer_1.safetensors', (raw) => entryOf(raw, 'W_dec').shape.reverse()),
      'ERR_WEIGHT',
      /W_dec.*layer_1.*64, ?256/s,
    ],
    [
      'has a bias of the wrong length',
      edit('layer_1.safetensors', (raw) => {
        const { dtype } = entryOf(raw, 'b_enc');
        replaceTensor(raw, 'b_enc', { dtype, shape: [2] }, Buffer.alloc(dtype === 'F32' ? 8 : 4));
      }),
      'ERR_WEIGHT',
      /b_enc.*layer_1/s,
    ],
    [
      'has a NaN in its encoder',
      edit('layer_1.safetensors', (raw) => setElement(raw, 'W_enc', 5, 'nan')),
      'ERR_WEIGHT',
      /W_enc.*layer_1/s,
    ],
    [
      'has a NaN in its decoder',
      edit('layer_1.safetensors', (raw) => setElement(raw, 'W_dec', 5, 'nan')),
      'ERR_WEIGHT',
      /W_dec.*layer_1/s,
    ],
  ]);
});

describe('cross-layer transcoders that', () => {
  check('llama', 'llama-clt-jumprelu', [
    ['lack a decoder file', remove('W_dec_1.safetensors'), 'ERR_FILE_NOT_FOUND', /W_dec_1/],
    [
      'lack a threshold',
      edit('W_enc_2.safetensors', (raw) => dropTensor(raw, 'threshold_2')),
      'ERR_WEIGHT',
      /threshold_2/,
    ],
    [
      'write to too few layers',
      edit('W_dec_1.safetensors', (raw) => {
        const { dtype, shape, data_offsets } = entryOf(raw, 'W_dec_1');
        const [features = 0, span = 0, width = 0] = shape;
        const bytes = ((data_offsets[1] - data_offsets[0]) / span) * (span - 1);
        replaceTensor(raw, 'W_dec_1', { dtype, shape: [features, span - 1, width] }, Buffer.alloc(bytes));
      }),
      'ERR_WEIGHT',
      /W_dec_1/,
    ],
  ]);
});

describe('npz transcoders that', () => {
  const file = 'layer_1/width_16k/average_l0_21/params.npz';
  check('gemma2', 'gemma-scope-tiny', [
    ['lack a file', remove(file), 'ERR_FILE_NOT_FOUND', /average_l0_21/],
    ['have an empty file', truncate(file, 0), 'ERR_FILE_FORMAT', /average_l0_21/],
    ['have half a file', truncate(file, 50_000), 'ERR_FILE_FORMAT', /average_l0_21/],
    [
      'have changed bytes in a compressed file',
      (folder) => {
        const bytes = readFileSync(path.join(folder, file));
        bytes.fill(0xff, 20_000, 20_400);
        writeFileSync(path.join(folder, file), bytes);
      },
      'ERR_FILE_FORMAT',
      /average_l0_21/,
    ],
  ]);
});

describe('a model and transcoders that do not fit', () => {
  test('because of another width', async () => {
    await expectRejection(
      load('llama', transcoderDir('gpt2-plt-relu')),
      'ERR_MODEL_MISMATCH',
      /48.*64|64.*48|3.*4|4.*3/s,
    );
  });

  test('because of another number of layers', async () => {
    await expectRejection(load('gpt2', transcoderDir('llama-plt-relu-skip')), 'ERR_MODEL_MISMATCH', /4.*3|3.*4/s);
  });

  test('because the model has no such hook', async () => {
    const folder = copyOf(transcoderDir('neox-plt-jumprelu'));
    rewriteConfig(/feature_input_hook.*\n/, 'feature_input_hook: hook_resid_mid\n')(folder);
    await expectRejection(load('neox', folder), 'ERR_MODEL_MISMATCH', /hook_resid_mid/);
  });

  test('because the folder is not there', async () => {
    const folder = path.join(temporaryFolder(), 'nowhere');
    await expectRejection(load('llama', folder), 'ERR_FILE_NOT_FOUND', /nowhere/);
  });
});

test('after all these the next load works', async () => {
  await load('llama', transcoderDir('llama-plt-relu-skip'));
});
