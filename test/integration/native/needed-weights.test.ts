import { appendFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setLogger } from '../../../lib';
import { openNpz } from '../../../lib/io/npz';
import { Random } from '../../../lib/random';
import { convertTranscoders } from '../../../lib/transcoder/convert/convert';
import { planTranscoders } from '../../../lib/transcoder/formats';
import { Transcoders } from '../../../lib/transcoder/transcoders';
import { expectBitEqual } from '../../support/compare';
import { expectRejection } from '../../support/expect-rejection';
import {
  type RandomTranscoderOptions,
  transcoderFormats,
  writeRandomTranscoders,
} from '../../support/random-transcoders';
import { editRaw, entryOf, replaceTensor, setElement } from '../../support/raw-safetensors';
import { readSource } from '../../support/read-source';
import { temporaryFolder } from '../../support/temporary-folder';

const [nLayers, dModel, nFeatures] = [3, 16, 40];
const x = new Random(7).normals(nLayers * 4 * dModel, 0, 1);

async function encode(dir: string): Promise<Float32Array> {
  await using transcoders = await Transcoders.load(dir);
  return (await transcoders.encode(x)).data;
}

const filesOf = (dir: string, ending: string) =>
  readdirSync(dir, { recursive: true })
    .map((name) => path.join(dir, String(name)))
    .filter((name) => name.endsWith(ending))
    .sort();

// Field faults, section 3: null metadata and dtypes of the future made a file "not well-formed".
describe.each(transcoderFormats.filter((format) => format !== 'gemma-scope-npz'))('%s', (format) => {
  test('with null metadata and tensors of unknown dtypes beside the weights gives the same numbers', async () => {
    const { dir } = await writeRandomTranscoders({ format });
    const expected = await encode(dir);
    for (const file of filesOf(dir, '.safetensors')) {
      editRaw(file, (raw) => {
        const end = raw.data.length;
        raw.data = Buffer.concat([raw.data, Buffer.alloc(12)]);
        for (const [i, dtype] of ['F8_E4M3FNUZ', 'F8_E5M2FNUZ', 'F3_OF_THE_FUTURE'].entries()) {
          raw.header[`extra.${i}`] = { dtype, shape: [4], data_offsets: [end + 4 * i, end + 4 * i + 4] };
        }
        Object.assign(raw.header, { __metadata__: null });
      });
    }
    expectBitEqual('activations', await encode(dir), expected);
  });

  test.each(['F8_E4M3FNUZ', 'F3_OF_THE_FUTURE'])('needing a tensor of %s names tensor and dtype', async (dtype) => {
    const { dir } = await writeRandomTranscoders({ format });
    const [file = ''] = filesOf(dir, '.safetensors').filter((name) => !name.includes('W_dec'));
    let bias = '';
    editRaw(file, (raw) => {
      bias = Object.keys(raw.header).find((name) => raw.header[name]?.shape?.join() === `${nFeatures}`) ?? '';
      replaceTensor(raw, bias, { dtype, shape: [nFeatures] }, Buffer.alloc(nFeatures));
    });
    await expectRejection(planTranscoders(dir), 'ERR_WEIGHT', new RegExp(`${bias} in .*found ${dtype}`));
  });
});

const jumpRelu: RandomTranscoderOptions[] = transcoderFormats.map((format) => ({ format, activation: 'jumprelu' }));

describe.each(jumpRelu.map((options) => [options.format, options] as const))('thresholds of %s', (format, options) => {
  const thresholdsOf = async (dir: string) =>
    (await planTranscoders(dir)).layers.flatMap(({ threshold }) => (threshold ? readSource(threshold).data : []));

  test('that are infinite stay so when converted', async () => {
    const { dir, plain } = await writeRandomTranscoders({ ...options, infinite: true });
    const expected = plain.layers.flatMap(({ threshold }) => [...(threshold ?? [])]);
    expect(expected).toContain(-Infinity);
    expect(await thresholdsOf(dir)).toEqual(expected);
    const out = path.join(temporaryFolder(), 'converted');
    await convertTranscoders(dir, out);
    expect(await thresholdsOf(out)).toEqual(expected);
    expectBitEqual('activations', await encode(out), await encode(dir));
  });

  test('that are NaN are refused', async () => {
    if (format === 'gemma-scope-npz') return;
    const { dir } = await writeRandomTranscoders(options);
    const [file = ''] = filesOf(dir, '.safetensors').filter((name) => !name.includes('W_dec'));
    editRaw(file, (raw) => {
      const name = Object.keys(raw.header).find((key) => key.includes('threshold')) ?? '';
      setElement(raw, name, 3, 'nan');
      expect(entryOf(raw, name).dtype).toBe('F32');
    });
    await expectRejection(Transcoders.load(dir), 'ERR_WEIGHT', /threshold.*NaN/);
    const out = path.join(temporaryFolder(), 'converted');
    await expectRejection(convertTranscoders(dir, out), 'ERR_WEIGHT', /threshold.*NaN/);
  });
});

test('a threshold that only the dtype asked for makes infinite is refused', async () => {
  const { dir } = await writeRandomTranscoders({ format: 'native-per-layer', activation: 'jumprelu' });
  editRaw(path.join(dir, 'layer_1.safetensors'), (raw) => {
    raw.data.writeFloatLE(1e6, entryOf(raw, 'activation_function.threshold').data_offsets[0]);
  });
  await expectRejection(Transcoders.load(dir, { dtype: 'float16' }), 'ERR_WEIGHT', /threshold.*dtype.*float32/);
  const out = path.join(temporaryFolder(), 'converted');
  await expectRejection(convertTranscoders(dir, out, { dtype: 'float16' }), 'ERR_WEIGHT', /threshold.*dtype/);
});

test('a weight that is infinite is refused as before', async () => {
  const { dir } = await writeRandomTranscoders({ format: 'native-per-layer', activation: 'jumprelu' });
  editRaw(path.join(dir, 'layer_1.safetensors'), (raw) => setElement(raw, 'b_dec', 0, 'inf'));
  await expectRejection(Transcoders.load(dir), 'ERR_WEIGHT', /b_dec.*infinite/);
});

// Field faults, section 6, L9: the zip's checksum of a stored array was never looked at.
describe('a flipped bit in a stored array of an npz', () => {
  test.each(['W_enc', 'W_dec', 'b_enc', 'b_dec', 'threshold'])(
    '%s is found on loading and converting',
    async (name) => {
      const { dir } = await writeRandomTranscoders({ format: 'gemma-scope-npz' });
      const [, file = ''] = filesOf(dir, '.npz');
      const bytes = readFileSync(file);
      const { tensors } = await openNpz(file);
      const at = (tensors.get(name)?.offset ?? 0) + 21;
      bytes[at] = (bytes[at] ?? 0) ^ 8;
      writeFileSync(file, bytes);
      await expectRejection(Transcoders.load(dir), 'ERR_FILE_FORMAT', new RegExp(`${name} in .*checksum.*damaged`));
      const out = path.join(temporaryFolder(), 'converted');
      await expectRejection(convertTranscoders(dir, out), 'ERR_FILE_FORMAT', new RegExp(`${name} in .*damaged`));
      expect(readdirSync(path.dirname(out))).toEqual([]);
    },
  );
});

// Field faults, section 2: negative activations of sets trained with ReLU before TopK went unnoticed.
describe('negative activations of TopK', () => {
  const warnings: string[] = [];
  beforeEach(() => {
    warnings.length = 0;
    setLogger({ warn: (text: string) => warnings.push(text) } as never);
  });

  const written = (k: number, activation: 'topk' | 'topk_relu') =>
    writeRandomTranscoders({ format: 'native-per-layer', activation, k });

  test('are warned of, once for a set', async () => {
    const { dir } = await written(25, 'topk');
    await using transcoders = await Transcoders.load(dir);
    await transcoders.encode(x, { applyActivationFunction: false });
    expect(warnings).toEqual([]);
    const { data } = await transcoders.encode(x);
    expect(data.some((value) => value < 0)).toBe(true);
    await transcoders.encodeSparse(x);
    expect(warnings).toEqual([expect.stringMatching(/25 features.*activation: topk_relu in config.yaml/)]);
  });

  test('there are none with topk_relu, nor where k features are above 0', async () => {
    expect((await encode((await written(25, 'topk_relu')).dir)).every((value) => value >= 0)).toBe(true);
    await encode((await written(2, 'topk')).dir);
    expect(warnings).toEqual([]);
  });

  test('topk_relu needs k as topk does, and is kept when converted', async () => {
    const { dir } = await writeRandomTranscoders({ format: 'native-per-layer' });
    appendFileSync(path.join(dir, 'config.yaml'), 'activation: topk_relu\n');
    await expectRejection(planTranscoders(dir), 'ERR_FILE_FORMAT', /topk_relu needs k/);
    appendFileSync(path.join(dir, 'config.yaml'), 'k: 7\n');
    const out = path.join(temporaryFolder(), 'converted');
    await convertTranscoders(dir, out);
    expect((await planTranscoders(out)).spec).toMatchObject({ activation: 'topk_relu', k: 7 });
  });
});
