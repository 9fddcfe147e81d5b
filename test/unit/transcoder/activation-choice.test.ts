import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { planTranscoders } from '../../../lib/transcoder/formats';
import { expectRejection } from '../../support/expect-rejection';
import { writeRandomTranscoders } from '../../support/random-transcoders';
import { dropTensor, editRaw, readRaw, replaceTensor, writeRaw } from '../../support/raw-safetensors';
import { readSource } from '../../support/read-source';

test('config.yaml has the last word', async () => {
  const { dir } = await writeRandomTranscoders({ format: 'native-per-layer', activation: 'jumprelu' });
  appendFileSync(join(dir, 'config.yaml'), 'activation: relu\n');
  const { spec, layers } = await planTranscoders(dir);
  expect(spec.activation).toBe('relu');
  expect(layers.every((layer) => layer.threshold === undefined)).toBe(true);
});

/** Save a TopK transcoder's k beside its weights. */
function addK(file: string, k: bigint): void {
  const { header, data } = readRaw(file);
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(k);
  const entry = { dtype: 'I64', shape: [], data_offsets: [data.length, data.length + 8] };
  writeRaw(file, { ...header, k: entry }, Buffer.concat([data, bytes]));
}

test('a k saved with the weights means TopK', async () => {
  const { dir } = await writeRandomTranscoders({ format: 'native-per-layer', nLayers: 2 });
  for (const layer of [0, 1]) addK(join(dir, `layer_${layer}.safetensors`), 6n);
  expect((await planTranscoders(dir)).spec).toMatchObject({ activation: 'topk', k: 6 });
  appendFileSync(join(dir, 'config.yaml'), 'activation: topk\nk: 4\n');
  expect((await planTranscoders(dir)).spec).toMatchObject({ activation: 'topk', k: 4 });
});

test.each([
  [[6n, 5n], /layer_1.*expected k = 6 as in layer 0, found 5/],
  [[0n, 0n], /k in .*layer_0.*1 or more, found 0/],
])('saved ks %s are wrong', async (ks, message) => {
  const { dir } = await writeRandomTranscoders({ format: 'native-per-layer', nLayers: 2 });
  for (const [layer, k] of ks.entries()) addK(join(dir, `layer_${layer}.safetensors`), k);
  await expectRejection(planTranscoders(dir), 'ERR_WEIGHT', message);
});

test.each([[[]], [[1]]])('one threshold of shape %s stands for all features', async (shape) => {
  const { dir, plain } = await writeRandomTranscoders({ format: 'native-per-layer', activation: 'jumprelu' });
  const half = Buffer.alloc(4);
  half.writeFloatLE(0.5);
  editRaw(join(dir, 'layer_1.safetensors'), (raw) => {
    replaceTensor(raw, 'activation_function.threshold', { dtype: 'F32', shape }, half);
  });
  const { layers } = await planTranscoders(dir);
  expect(readSource(layers[1]?.threshold)).toEqual({
    shape: [plain.nFeatures],
    data: Array(plain.nFeatures).fill(0.5),
  });
});

test('layers may differ in their number of features', async () => {
  const { dir } = await writeRandomTranscoders({ format: 'native-per-layer', nLayers: 2 });
  const other = await writeRandomTranscoders({ format: 'native-per-layer', nLayers: 2, nFeatures: 24 });
  const raw = readRaw(join(other.dir, 'layer_1.safetensors'));
  writeRaw(join(dir, 'layer_1.safetensors'), raw.header, raw.data);
  expect((await planTranscoders(dir)).spec.nFeatures).toEqual([40, 24]);
});

test('tensors of no use are ignored', async () => {
  const { dir } = await writeRandomTranscoders({ format: 'native-per-layer', skip: true });
  for (const layer of [0, 1, 2]) {
    editRaw(join(dir, `layer_${layer}.safetensors`), (raw) => dropTensor(raw, 'W_skip'));
    editRaw(join(dir, `layer_${layer}.safetensors`), (raw) => {
      raw.header.extra = { dtype: 'I64', shape: [1], data_offsets: [raw.data.length, raw.data.length + 8] };
      raw.data = Buffer.concat([raw.data, Buffer.alloc(8)]);
    });
  }
  expect((await planTranscoders(dir)).spec.hasSkip).toBe(false);
});
