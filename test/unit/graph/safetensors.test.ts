import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Graph } from '../../../lib';
import { readSafetensorsArrays, type TensorToWrite, writeSafetensors } from '../../../lib/io/safetensors';
import { expectRejection } from '../../support/expect-rejection';
import { temporaryFolder } from '../../support/temporary-folder';
import { tinyData, tinyNodes } from './support/tiny';

const graph = new Graph(tinyData());
let path: string;
beforeEach(() => {
  path = join(temporaryFolder(), 'graph.safetensors');
});

/** The saved graph with some tensors replaced (undefined: left out) and its metadata changed. */
async function tampered(
  tensors: Record<string, Omit<TensorToWrite, 'name'> | undefined>,
  change: (metadata: Record<string, string>) => Record<string, string> = (metadata) => metadata,
): Promise<string> {
  await graph.save(path);
  const { arrays, metadata } = await readSafetensorsArrays(path);
  const kept = [...arrays].map(([name, { shape, data }]) => {
    const dtype = name === 'edges' || name.endsWith('values') || name.endsWith('probabilities') ? 'F32' : 'I32';
    return { name, dtype, shape, data } as TensorToWrite;
  });
  const changed = kept.flatMap((tensor) => {
    if (!(tensor.name in tensors)) return [tensor];
    const other = tensors[tensor.name];
    return other ? [{ ...other, name: tensor.name } as TensorToWrite] : [];
  });
  await writeSafetensors(path, changed, change(metadata));
  return path;
}

test('a saved graph comes back whole', async () => {
  await graph.save(path);
  const loaded = await Graph.load(path);
  expect({ ...loaded }).toEqual({ ...graph });
  expect(loaded.nNodes).toBe(tinyNodes);
  expect(loaded.weight(2, 0)).toBe(-1);
});

test('a list of transcoders and odd strings come back', async () => {
  const changes = { scan: ['a', 'b'], prompt: '\u0000"\n\u{1f600}', tokenStrings: ['\ufffd', '\\'] };
  await new Graph(tinyData(changes)).save(path);
  expect(await Graph.load(path)).toMatchObject(changes);
});

test('a graph without features comes back', async () => {
  const none = {
    activeFeatures: new Int32Array(),
    activationValues: new Float32Array(),
    selectedFeatures: new Int32Array(),
  };
  const bare = new Graph(tinyData({ ...none, edges: new Float32Array(2 * 8).fill(0.5) }));
  await bare.save(path);
  expect({ ...(await Graph.load(path)) }).toEqual({ ...bare });
});

test.each([
  ['a pickle', 0x80, 0xff],
  ['a zip archive', 0x4b50, 0xffff],
])('a header whose length begins as %s does is still a header', async (_, length, mask) => {
  const headerLength = async (prompt: string) => {
    await new Graph(tinyData({ prompt })).save(path);
    return readFileSync(path).readUInt32LE();
  };
  const missing = (length - (await headerLength(''))) & mask;
  expect((await headerLength(' '.repeat(missing))) & mask).toBe(length);
  expect((await Graph.load(path)).prompt).toHaveLength(missing);
});

test('the file holds the tensors it promises', async () => {
  await graph.save(path);
  const { arrays, metadata } = await readSafetensorsArrays(path);
  expect(Object.fromEntries([...arrays].map(([name, { shape }]) => [name, shape]))).toEqual({
    input_tokens: [2],
    active_features: [4, 3],
    activation_values: [4],
    selected_features: [3],
    edges: [5, tinyNodes],
    logit_token_ids: [2],
    logit_probabilities: [2],
  });
  expect(metadata).toMatchObject({ format: 'circuit-tracer graph', format_version: '1', package_version: '1.2.3' });
});

test('indices may be 64-bit integers', async () => {
  await tampered({ input_tokens: { dtype: 'I64', shape: [2], data: BigInt64Array.of(5n, 6n) } });
  expect((await Graph.load(path)).tokens).toEqual(Int32Array.of(5, 6));
});

test.each<[string, Record<string, Omit<TensorToWrite, 'name'> | undefined>, RegExp]>([
  ['a missing tensor', { edges: undefined }, /edges is missing/],
  [
    'a wrong dtype',
    { edges: { dtype: 'I32', shape: [5, 11], data: new Int32Array(55) } },
    /edges must be of dtype F32/,
  ],
  ['a wrong index dtype', { input_tokens: { dtype: 'F32', shape: [2], data: new Float32Array(2) } }, /I32 or I64/],
  [
    'a wrong shape',
    { edges: { dtype: 'F32', shape: [11, 5], data: new Float32Array(55) } },
    /shape \[5, \*\]; found \[11, 5\]/,
  ],
  [
    'too few edges',
    { edges: { dtype: 'F32', shape: [5, 10], data: new Float32Array(50) } },
    /5 x 11 = 55 numbers; found 50/,
  ],
  [
    'too large an integer',
    { input_tokens: { dtype: 'I64', shape: [2], data: BigInt64Array.of(5n, 2n ** 40n) } },
    /32-bit/,
  ],
  ['a token outside', { input_tokens: { dtype: 'I32', shape: [2], data: Int32Array.of(5, -6) } }, /found -6/],
  [
    'a selection out of order',
    { selected_features: { dtype: 'I32', shape: [3], data: Int32Array.of(0, 3, 1) } },
    /ascend/,
  ],
  ['a NaN', { activation_values: { dtype: 'F32', shape: [4], data: Float32Array.of(1, 1, Number.NaN, 1) } }, /finite/],
  [
    'a probability',
    { logit_probabilities: { dtype: 'F32', shape: [2], data: Float32Array.of(0.5, -1) } },
    /logits\[\d\].weight/,
  ],
  [
    'an output too many',
    { logit_token_ids: { dtype: 'I32', shape: [3], data: new Int32Array(3) } },
    /shape \[2\]; found \[3\]/,
  ],
])('refuses %s', async (_, tensors, message) => {
  await tampered(tensors);
  await expectRejection(Graph.load(path), 'ERR_FILE_FORMAT', message);
});

test.each<[string, Record<string, string>, RegExp]>([
  ['weights', { format: 'pt' }, /such as weights/],
  ['a later format', { format_version: '2' }, /version 2; this package reads version 1/],
  ['metadata that is not JSON', { graph: '{' }, /is not JSON/],
  ['metadata that is null', { graph: 'null' }, /logitTokens/],
  ['metadata without a model', { graph: '{"logitTokens": [" c", " d"]}' }, /prompt must be a string/],
])('refuses %s', async (_, entries, message) => {
  await tampered({}, (metadata) => ({ ...metadata, ...entries }));
  await expectRejection(Graph.load(path), 'ERR_FILE_FORMAT', message);
});

test.each([
  ['a broken PyTorch archive', Buffer.from('PK\x03\x04\x00\x00\x08\x08\x00\x00', 'latin1'), /torch\.save/],
  ['a pickle', Buffer.from('\x80\x02\x8a\x0al\xfc\x9cF\xf9 j', 'latin1'), /pickle/],
  ['a graph file for the page', Buffer.from('{\n"metadata": {}}'), /found JSON/],
])('says what %s is', async (_, bytes, message) => {
  writeFileSync(path, bytes);
  await expectRejection(Graph.load(path), 'ERR_FILE_FORMAT', message);
});

test('refuses an empty, a truncated and a missing file', async () => {
  await expectRejection(Graph.load(path), 'ERR_FILE_NOT_FOUND', /graph\.safetensors/);
  writeFileSync(path, '');
  await expectRejection(Graph.load(path), 'ERR_FILE_FORMAT', /graph\.safetensors/);
  await graph.save(path);
  const { truncate } = await import('node:fs/promises');
  await truncate(path, 700);
  await expectRejection(Graph.load(path), 'ERR_FILE_FORMAT', /graph\.safetensors/);
});

test('saves under no other extension and into no missing folder', async () => {
  const folder = temporaryFolder();
  await expectRejection(graph.save(join(folder, 'graph.npz')), 'ERR_INVALID_ARGUMENT', /\.safetensors/);
  await expectRejection(graph.save(join(folder, 'none', 'graph.safetensors')), 'ERR_FILE_WRITE', /none/);
  expect(readdirSync(folder)).toEqual([]);
});
