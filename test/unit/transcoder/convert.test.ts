import { mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { readLabels } from '../../../lib';
import { transcoderFolder } from '../../../lib/bundled';
import { PackedFeatures } from '../../../lib/harvest';
import { Random } from '../../../lib/random';
import { convertTranscoders, planTranscoders, Transcoders } from '../../../lib/transcoder';
import { otherOrder } from '../../support/bounds';
import { expectClose } from '../../support/compare';
import { expectRejection } from '../../support/expect-rejection';
import { transcoderDir } from '../../support/fixtures';
import { transcoderFormats, writeRandomTranscoders } from '../../support/random-transcoders';
import { readRaw, writeRaw } from '../../support/raw-safetensors';
import { readSource } from '../../support/read-source';
import { temporaryFolder } from '../../support/temporary-folder';

const newFolder = () => join(temporaryFolder(), 'converted');

/** All numbers of a set as native will see them. */
async function weightsOf(dir: string) {
  const { layers } = await planTranscoders(dir);
  return layers.map((layer) => ({
    encoder: readSource(layer.encoder),
    encoderBias: readSource(layer.encoderBias),
    threshold: layer.threshold && readSource(layer.threshold),
    decoder: readSource(layer.decoder),
    decoderBias: readSource(layer.decoderBias),
    skip: layer.skip && readSource(layer.skip),
  }));
}

async function expectSameSet(converted: string, original: string): Promise<void> {
  const [found, expected] = [await planTranscoders(converted), await planTranscoders(original)];
  expect(found.spec).toEqual(expected.spec);
  expect(await weightsOf(converted)).toEqual(await weightsOf(original));
  for (const { encoder, decoder } of found.layers) {
    // Rows lie together, at addresses that need no copy.
    expect(encoder.view).toEqual([]);
    expect(decoder.view.filter(({ op }) => op !== 'reshape')).toEqual([]);
    expect([encoder.offset % 4, decoder.offset % 4]).toEqual([0, 0]);
  }
}

test.each(readdirSync(dirname(transcoderDir('x'))))('%s becomes a native set of the same weights', async (name) => {
  const out = newFolder();
  const { directory: folder, spec } = await convertTranscoders(transcoderDir(name), out);
  expect(folder).toBe(out);
  expect(spec.scan).toBe(transcoderDir(name));
  await expectSameSet(out, transcoderDir(name));
  expect(readdirSync(dirname(out))).toEqual([basename(out)]);
});

describe.each(transcoderFormats)('%s', (format) => {
  const skip = format !== 'gemma-scope-npz';

  test.each(['relu', 'topk'] as const)('with %s, deflated where it can be', async (activation) => {
    const given = format.startsWith('gemma') ? {} : { activation };
    const { dir } = await writeRandomTranscoders({ format, skip, deflate: true, ...given });
    const out = newFolder();
    await convertTranscoders(dir, out);
    await expectSameSet(out, dir);
  });

  test('lazy and eager loading of the new set reconstruct alike, and as loading the old one', async () => {
    const { dir, plain } = await writeRandomTranscoders({ format, skip });
    const out = newFolder();
    await convertTranscoders(dir, out);
    const x = new Random(3).normals(plain.nLayers * 4 * plain.dModel, 0, 1);
    const results = [];
    for (const [folder, lazy] of [
      [dir, false],
      [out, false],
      [out, true],
    ] as const) {
      await using set = await Transcoders.load(folder, { device: 'cpu', lazyEncoder: lazy, lazyDecoder: lazy });
      const activations = await set.encode(x);
      results.push({ activations, outputs: await set.decode(activations, x) });
    }
    expect(results[2]).toEqual(results[1]);
    const [outputs, expected] = [results[1]?.outputs.data ?? [], results[0]?.outputs.data ?? []];
    expectClose('outputs', outputs, expected, otherOrder);
  });
});

test('rows that begin at odd addresses are read right', async () => {
  const { dir } = await writeRandomTranscoders({ format: 'gemma-scope-2-cross-layer', skip: true });
  for (const name of readdirSync(join(dir, 'clt'))) {
    const file = join(dir, 'clt', name);
    const { header, data } = readRaw(file);
    const text = JSON.stringify(header);
    writeRaw(file, text.padEnd(text.length + 1 + (8 - ((text.length + 1) % 8)) + 1), data);
  }
  const { layers } = await planTranscoders(dir);
  expect(layers.every(({ encoder }) => encoder.offset % 4 === 1)).toBe(true);
  const out = newFolder();
  await convertTranscoders(dir, out);
  await expectSameSet(out, dir);
});

/** Bits of the nearest bfloat16, ties to even, in integer arithmetic. */
function bfloat16Bits(value: number): number {
  const bits = new DataView(new ArrayBuffer(4));
  bits.setFloat32(0, value);
  const [high, low] = [bits.getUint16(0), bits.getUint16(2)];
  return low > 0x8000 || (low === 0x8000 && high % 2 === 1) ? high + 1 : high;
}

describe('dtype', () => {
  test('bfloat16 is the nearest, ties to even', async () => {
    const { dir, plain } = await writeRandomTranscoders({ format: 'gemma-scope-2-cross-layer', skip: true });
    const file = join(dir, 'clt', 'params_layer_0.safetensors');
    const { header, data } = readRaw(file);
    const at = header.b_dec?.data_offsets[0] ?? 0;
    // Ties to even below and above, and one bit beyond the tie.
    const ties = [0x3f808000, 0x3f818000, 0x3f808001, 0xbf818000];
    for (const [i, bits] of ties.entries()) data.writeUInt32LE(bits, at + 4 * i);
    writeRaw(file, header, data);
    const out = newFolder();
    await convertTranscoders(dir, out, { dtype: 'bfloat16' });
    const expected = await weightsOf(dir);
    for (const [l, layer] of plain.layers.entries()) {
      const encoders = readRaw(join(out, `W_enc_${l}.safetensors`));
      const decoders = readRaw(join(out, `W_dec_${l}.safetensors`));
      const bits = (raw: typeof encoders, name: string) => {
        const { dtype, data_offsets } = raw.header[name] ?? { dtype: 'none', data_offsets: [0, 0] };
        expect(dtype).toBe('BF16');
        const [begin, end] = data_offsets;
        return Array.from({ length: (end - begin) / 2 }, (_, i) => raw.data.readUInt16LE(begin + 2 * i));
      };
      expect(bits(encoders, `W_enc_${l}`)).toEqual(Array.from(layer.encoder, bfloat16Bits));
      expect(bits(decoders, `W_dec_${l}`)).toEqual(Array.from(layer.decoder, bfloat16Bits));
      expect(bits(encoders, `b_dec_${l}`)).toEqual(expected[l]?.decoderBias.data.map(bfloat16Bits));
    }
    const first = readRaw(join(out, 'W_enc_0.safetensors'));
    const start = first.header.b_dec_0?.data_offsets[0] ?? 0;
    expect(ties.map((_, i) => first.data.readUInt16LE(start + 2 * i))).toEqual([0x3f80, 0x3f82, 0x3f81, 0xbf82]);
  });

  test('float16 has no room for large numbers', async () => {
    const { dir } = await writeRandomTranscoders({ format: 'native-per-layer' });
    const file = join(dir, 'layer_1.safetensors');
    const { header, data } = readRaw(file);
    data.writeFloatLE(1e5, header.W_dec?.data_offsets[0] ?? 0);
    writeRaw(file, header, data);
    const out = newFolder();
    await expectRejection(
      convertTranscoders(dir, out, { dtype: 'float16' }),
      'ERR_WEIGHT',
      /W_dec in layer_1.*don't fit the dtype/,
    );
    expect(readdirSync(dirname(out))).toEqual([]);
  });

  test('a kept one is kept', async () => {
    const { dir } = await writeRandomTranscoders({ format: 'native-per-layer' });
    const [half, again] = [newFolder(), newFolder()];
    await convertTranscoders(dir, half, { dtype: 'float16' });
    await convertTranscoders(half, again);
    for (const name of readdirSync(half))
      expect(readFileSync(join(again, name))).toEqual(readFileSync(join(half, name)));
  });
});

test('labels, packed features and the name of the original go along', async () => {
  const out = newFolder();
  await convertTranscoders('demo', out);
  const original = transcoderFolder('demo');
  expect((await planTranscoders(out)).spec.scan).toBe('demo');
  expect(await readLabels(out)).toEqual(await readLabels(original));
  await using packed = await PackedFeatures.open(join(out, 'features'));
  await using before = await PackedFeatures.open(join(original, 'features'));
  expect(await packed.read(1, 7)).toEqual(await before.read(1, 7));
});

describe('nothing is written', () => {
  const from = transcoderDir('llama-plt-relu-skip');

  test('into a folder that holds something', async () => {
    const out = temporaryFolder();
    writeFileSync(join(out, 'mine.txt'), 'kept');
    await expectRejection(
      convertTranscoders(from, out),
      'ERR_FILE_WRITE',
      /a new or empty folder, found a folder with 1/,
    );
    expect(readdirSync(out)).toEqual(['mine.txt']);
  });

  test('when the target is a file', async () => {
    const out = newFolder();
    writeFileSync(out, 'kept');
    await expectRejection(convertTranscoders(from, out), 'ERR_FILE_WRITE', /found a file/);
    expect(readFileSync(out, 'utf8')).toBe('kept');
  });

  test('when stopped on the way', async () => {
    const out = newFolder();
    const controller = new AbortController();
    const conversion = convertTranscoders(from, out, {
      signal: controller.signal,
      onProgress: ({ done }) => done > 0 && controller.abort(),
    });
    await expectRejection(conversion, 'ABORT_ERR', /aborted/);
    expect(readdirSync(dirname(out))).toEqual([]);
  });

  test('when the disk has no room', async () => {
    const dir = temporaryFolder();
    const [features, width] = [2 ** 28, 2 ** 10];
    const bytes = 4 * features * width;
    const header = {
      W_enc: { dtype: 'F32', shape: [features, width], data_offsets: [0, bytes] },
      W_dec: { dtype: 'F32', shape: [features, width], data_offsets: [bytes, 2 * bytes] },
      b_enc: { dtype: 'F32', shape: [features], data_offsets: [2 * bytes, 2 * bytes + 4 * features] },
      b_dec: {
        dtype: 'F32',
        shape: [width],
        data_offsets: [2 * bytes + 4 * features, 2 * bytes + 4 * (features + width)],
      },
    };
    const file = join(dir, 'layer_0.safetensors');
    writeRaw(file, header, Buffer.alloc(0));
    // 2 TB of zeros that take no room themselves.
    truncateSync(file, readFileSync(file).length + 2 * bytes + 4 * (features + width));
    const config =
      'model_kind: transcoder_set\nfeature_input_hook: hook_resid_mid\nfeature_output_hook: hook_mlp_out\n';
    writeFileSync(join(dir, 'config.yaml'), config);
    const out = newFolder();
    await expectRejection(
      convertTranscoders(dir, out),
      'ERR_FILE_WRITE',
      /22\d{11} bytes are needed, but the disk has only \d+ free/,
    );
    expect(readdirSync(dirname(out))).toEqual([]);
  });

  test('when a weight is damaged', async () => {
    const { dir } = await writeRandomTranscoders({ format: 'native-cross-layer' });
    const file = join(dir, 'W_dec_2.safetensors');
    const { header, data } = readRaw(file);
    data.writeFloatLE(Number.NaN, 8);
    writeRaw(file, header, data);
    const out = newFolder();
    await expectRejection(convertTranscoders(dir, out), 'ERR_WEIGHT', /W_dec_2/);
    expect(readdirSync(dirname(out))).toEqual([]);
  });

  test('for options that are none', async () => {
    await expectRejection(
      convertTranscoders(from, newFolder(), { dtype: 'int8' as never }),
      'ERR_INVALID_ARGUMENT',
      /dtype/,
    );
    await expectRejection(convertTranscoders(from, newFolder(), { typ: 1 } as never), 'ERR_INVALID_ARGUMENT', /typ/);
  });
});

test('an empty folder is filled', async () => {
  const out = newFolder();
  mkdirSync(out);
  await convertTranscoders(transcoderDir('neox-plt-jumprelu'), out);
  await expectSameSet(out, transcoderDir('neox-plt-jumprelu'));
});
