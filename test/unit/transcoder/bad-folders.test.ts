import { appendFileSync, cpSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ErrorCode } from '../../../lib/errors';
import { planTranscoders } from '../../../lib/transcoder/formats';
import { expectRejection } from '../../support/expect-rejection';
import { type RandomTranscoderOptions, writeRandomTranscoders } from '../../support/random-transcoders';
import { dropTensor, editRaw, entryOf, type RawSafetensors, replaceTensor } from '../../support/raw-safetensors';

type Damage = (folder: string) => void;
type Row = [what: string, damage: Damage, code: ErrorCode, message: RegExp];

const edit =
  (file: string, change: (raw: RawSafetensors) => void): Damage =>
  (folder) =>
    editRaw(join(folder, file), change);
const config =
  (pattern: RegExp, replacement: string): Damage =>
  (folder) => {
    const file = join(folder, 'config.yaml');
    writeFileSync(file, readFileSync(file, 'utf8').replace(pattern, replacement));
  };
const remove =
  (file: string): Damage =>
  (folder) =>
    rmSync(join(folder, file));
const reshape = (name: string, shape: number[]) => (raw: RawSafetensors) => {
  entryOf(raw, name).shape = shape;
};

function check(options: RandomTranscoderOptions, rows: Row[]): void {
  test.each(rows)(`${options.format}: %s`, async (_, damage, code, message) => {
    const { dir } = await writeRandomTranscoders(options);
    damage(dir);
    await expectRejection(planTranscoders(dir), code, message);
  });
}

// 3 layers, width 16, 40 features.
check({ format: 'native-per-layer', skip: true, activation: 'jumprelu' }, [
  ['a layer missing', remove('layer_1.safetensors'), 'ERR_FILE_NOT_FOUND', /Layer 1 of 3.*layer_1\.safetensors/],
  [
    'no layers at all',
    (folder) => {
      for (const layer of [0, 1, 2]) rmSync(join(folder, `layer_${layer}.safetensors`));
    },
    'ERR_FILE_NOT_FOUND',
    /layer_0\.safetensors/,
  ],
  [
    'two files for a layer',
    (folder) => cpSync(join(folder, 'layer_1.safetensors'), join(folder, 'layer_01.safetensors')),
    'ERR_UNSUPPORTED_TRANSCODER',
    /two files for layer 1/,
  ],
  [
    'a layer number beyond all layers',
    (folder) => renameSync(join(folder, 'layer_2.safetensors'), join(folder, 'layer_99999999999.safetensors')),
    'ERR_FILE_NOT_FOUND',
    /Layer 2 of/,
  ],
  [
    'a transposed decoder',
    edit('layer_1.safetensors', reshape('W_dec', [16, 40])),
    'ERR_WEIGHT',
    /W_dec in .*layer_1\.safetensors: expected shape \[40, 16\].*found \[16, 40\].*transposed/,
  ],
  [
    'a transposed encoder',
    edit('layer_1.safetensors', reshape('W_enc', [16, 40])),
    'ERR_WEIGHT',
    /W_enc in .*expected shape \[40, 16\].*found \[16, 40\].*transposed/,
  ],
  [
    'an encoder that is no matrix',
    edit('layer_1.safetensors', reshape('W_enc', [640])),
    'ERR_WEIGHT',
    /W_enc.*found \[640\]/,
  ],
  [
    'a bias too long',
    edit('layer_1.safetensors', (raw) => replaceTensor(raw, 'b_enc', { dtype: 'F32', shape: [41] }, Buffer.alloc(164))),
    'ERR_WEIGHT',
    /b_enc in .*layer_1\.safetensors: expected shape \[40\].*found \[41\]/,
  ],
  [
    'another width in one layer',
    edit('layer_1.safetensors', (raw) => {
      dropTensor(raw, 'W_skip');
      for (const [name, shape] of Object.entries({ W_enc: [80, 8], W_dec: [80, 8] })) reshape(name, shape)(raw);
      replaceTensor(raw, 'b_dec', { dtype: 'F32', shape: [8] }, Buffer.alloc(32));
      for (const name of ['b_enc', 'activation_function.threshold']) {
        replaceTensor(raw, name, { dtype: 'F32', shape: [80] }, Buffer.alloc(320));
      }
    }),
    'ERR_WEIGHT',
    /layer 1 has dModel 8, but layer 0 has 16/,
  ],
  [
    'weights of whole numbers',
    edit('layer_1.safetensors', (raw) => {
      entryOf(raw, 'b_enc').dtype = 'I32';
    }),
    'ERR_WEIGHT',
    /b_enc.*expected dtype float64, float32, float16 or bfloat16, found I32/,
  ],
  [
    'a tensor missing',
    edit('layer_1.safetensors', (raw) => dropTensor(raw, 'b_dec')),
    'ERR_WEIGHT',
    /b_dec in .*expected this tensor/,
  ],
  [
    'a skip connection missing',
    edit('layer_2.safetensors', (raw) => dropTensor(raw, 'W_skip')),
    'ERR_WEIGHT',
    /layer_2.*layer 2 has no W_skip/,
  ],
  [
    'a threshold missing',
    edit('layer_0.safetensors', (raw) => dropTensor(raw, 'activation_function.threshold')),
    'ERR_WEIGHT',
    /layer_0.*layer 0 has no activation_function\.threshold/,
  ],
  [
    'the other kind',
    config(/transcoder_set/, 'cross_layer_transcoder'),
    'ERR_UNSUPPORTED_TRANSCODER',
    /model_kind is cross_layer_transcoder.*Set model_kind: transcoder_set/,
  ],
  ['topk without k', config(/$/, 'activation: topk\n'), 'ERR_FILE_FORMAT', /config\.yaml.*needs k/],
  [
    'k above the features',
    config(/$/, 'activation: topk\nk: 41\n'),
    'ERR_WEIGHT',
    /at least k = 41 features, found 40/,
  ],
  ['a scan for too few layers', config(/$/, 'scan: [a, b]\n'), 'ERR_FILE_FORMAT', /scan.*found 2 for 3 layers/],
  [
    'a listed file that is missing',
    config(/$/, 'transcoders: [nowhere.safetensors]\n'),
    'ERR_FILE_NOT_FOUND',
    /nowhere\.safetensors/,
  ],
  [
    'a file listed twice',
    config(/$/, 'transcoders: [layer_0.safetensors, layer_1.safetensors, layer_0.safetensors]\n'),
    'ERR_UNSUPPORTED_TRANSCODER',
    /layer_0\.safetensors twice, for layers 0 and 2/,
  ],
]);

check({ format: 'native-per-layer' }, [
  [
    'jumprelu without thresholds',
    config(/$/, 'activation: jumprelu\n'),
    'ERR_WEIGHT',
    /layer_0.*activation_function\.threshold/,
  ],
  [
    'tensors of no known name',
    edit('layer_0.safetensors', (raw) => {
      raw.header = JSON.parse(JSON.stringify(raw.header).replace('W_enc', 'kernel').replace('W_dec', 'kernel2'));
    }),
    'ERR_UNSUPPORTED_TRANSCODER',
    /layer_0\.safetensors has an unknown format.*kernel/,
  ],
]);

check({ format: 'native-cross-layer', activation: 'jumprelu' }, [
  ['the last layer missing', remove('W_enc_2.safetensors'), 'ERR_FILE_NOT_FOUND', /W_enc_2\.safetensors/],
  ['a decoder missing', remove('W_dec_1.safetensors'), 'ERR_FILE_NOT_FOUND', /W_dec_1\.safetensors/],
  [
    'all of the last layer missing',
    (folder) => {
      for (const part of ['enc', 'dec']) rmSync(join(folder, `W_${part}_2.safetensors`));
    },
    'ERR_FILE_NOT_FOUND',
    /Layer 2 of 3.*W_enc_2/,
  ],
  [
    'a transposed decoder',
    edit('W_dec_1.safetensors', reshape('W_dec_1', [16, 2, 40])),
    'ERR_WEIGHT',
    /W_dec_1 in .*expected shape \[40, 2, 16\].*found \[16, 2, 40\].*transposed/,
  ],
  [
    'a threshold missing',
    edit('W_enc_1.safetensors', (raw) => dropTensor(raw, 'threshold_1')),
    'ERR_WEIGHT',
    /layer 1 has no threshold_1/,
  ],
  [
    'files of both formats',
    (folder) => cpSync(join(folder, 'W_enc_0.safetensors'), join(folder, 'layer_0.safetensors')),
    'ERR_UNSUPPORTED_TRANSCODER',
    /mixes two formats/,
  ],
  [
    'the other kind',
    config(/cross_layer_transcoder/, 'transcoder_set'),
    'ERR_UNSUPPORTED_TRANSCODER',
    /Set model_kind: cross_layer_transcoder/,
  ],
  [
    'a list of files',
    config(/$/, 'transcoders: [W_enc_0.safetensors]\n'),
    'ERR_UNSUPPORTED_TRANSCODER',
    /Remove `transcoders`/,
  ],
]);

check({ format: 'gemma-scope-2-cross-layer' }, [
  [
    'fewer files than layers',
    config(/- clt\/params_layer_2\.safetensors\n/g, ''),
    'ERR_UNSUPPORTED_TRANSCODER',
    /writes to 3 layers, but transcoders lists 2 files, so layer 2 is missing/,
  ],
  [
    'more files than layers',
    config(/$/, '- clt/params_layer_1.safetensors\n'),
    'ERR_UNSUPPORTED_TRANSCODER',
    /lists 5 files/,
  ],
  [
    'a layer listed twice',
    config(/params_layer_1/, 'params_layer_0'),
    'ERR_UNSUPPORTED_TRANSCODER',
    /params_layer_0\.safetensors twice/,
  ],
  [
    'an encoder the native way round',
    edit('clt/params_layer_1.safetensors', reshape('w_enc', [40, 16])),
    'ERR_WEIGHT',
    /w_enc in .*params_layer_1.*expected shape \[16, 40\].*transposed/,
  ],
  [
    'the other kind',
    config(/cross_layer_transcoder/, 'transcoder_set'),
    'ERR_UNSUPPORTED_TRANSCODER',
    /Gemma Scope 2 cross-layer/,
  ],
]);

check({ format: 'gemma-scope-npz' }, [
  [
    'a layer of another format',
    (folder) => {
      writeFileSync(join(folder, 'other.safetensors'), '');
      config(/- layer_1.*\n/, '- other.safetensors\n')(folder);
    },
    'ERR_FILE_FORMAT',
    /other\.safetensors/,
  ],
  [
    'bytes after its end',
    (folder) => appendFileSync(join(folder, 'layer_1/width_40/average_l0_5/params.npz'), 'more'),
    'ERR_FILE_FORMAT',
    /params\.npz/,
  ],
]);

test('formats may not be mixed', async () => {
  const scope = await writeRandomTranscoders({ format: 'gemma-scope-npz' });
  const native = await writeRandomTranscoders({ format: 'native-per-layer' });
  config(/- layer_1.*\n/, `- ${native.dir}/layer_1.safetensors\n`)(scope.dir);
  await expectRejection(
    planTranscoders(scope.dir),
    'ERR_UNSUPPORTED_TRANSCODER',
    /mixes two formats.*npz.*native per-layer/,
  );
});
