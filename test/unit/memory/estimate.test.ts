import type { TensorSource, ViewStep } from '../../../lib/io/tensor-source';
import { estimateMemory } from '../../../lib/memory';
import { memoryAdvice } from '../../../lib/memory/advice';
import { attributionMemory } from '../../../lib/memory/attribution-memory';
import { memoryOf } from '../../../lib/memory/estimate';
import { loadMemory } from '../../../lib/memory/load-memory';
import { isPlainView } from '../../../lib/memory/strides';
import { tensorMemory } from '../../../lib/memory/tensor-memory';
import type { Checkpoint } from '../../../lib/model/checkpoint';
import { planModel } from '../../../lib/model/families';
import { planTranscoders } from '../../../lib/transcoder/formats';
import { expectRejection } from '../../support/expect-rejection';
import { modelDir, transcoderDir } from '../../support/fixtures';
import { llamaShapes, llamaSizes, memoryCheckpoint } from '../../support/memory-checkpoint';
import { writeRandomTranscoders } from '../../support/random-transcoders';

/** Joint query, key and value matrices; the output matrix is tied to the embedding. */
const gpt2Like = {
  config: { model_type: 'gpt2', vocab_size: 10, n_embd: 8, n_head: 2, n_layer: 1, n_positions: 16, n_ctx: 16 },
  shapes: {
    'wte.weight': [10, 8],
    'wpe.weight': [16, 8],
    'ln_f.weight': [8],
    'ln_f.bias': [8],
    'h.0.ln_1.weight': [8],
    'h.0.ln_1.bias': [8],
    'h.0.ln_2.weight': [8],
    'h.0.ln_2.bias': [8],
    'h.0.attn.c_attn.weight': [8, 24],
    'h.0.attn.c_attn.bias': [24],
    'h.0.attn.c_proj.weight': [8, 8],
    'h.0.attn.c_proj.bias': [8],
    'h.0.mlp.c_fc.weight': [8, 32],
    'h.0.mlp.c_fc.bias': [32],
    'h.0.mlp.c_proj.weight': [32, 8],
    'h.0.mlp.c_proj.bias': [8],
  },
};

const source = (more: Partial<TensorSource> = {}): TensorSource => ({
  name: 't',
  file: '/t',
  offset: 64,
  dtype: 'float32',
  shape: [4, 6],
  view: [],
  ...more,
});
const eager = { dtype: 'float32', onCpu: true, lazy: false } as const;
const none = { copied: 0, mapped: 0, transient: 0, held: 0, lazy: 0 };

describe('one tensor of 24 numbers', () => {
  const transposed: ViewStep = { op: 'permute', dims: [1, 0] };

  test.each<[string, Partial<TensorSource>, Partial<typeof eager> | { lazy: boolean }, Partial<typeof none>]>([
    ['stays in its file', {}, {}, { mapped: 96 }],
    ['seen the other way round, too', { view: [transposed] }, {}, { mapped: 96 }],
    ['lazily takes nothing', {}, { lazy: true }, { lazy: 96 }],
    ['is copied from an odd address', { offset: 65 }, {}, { copied: 96, transient: 96 }],
    ['is copied from an odd address even lazily', { offset: 65 }, { lazy: true }, { copied: 96, transient: 96 }],
    [
      'is copied for a reshape across rows',
      { view: [transposed, { op: 'reshape', shape: [24] }] },
      {},
      { copied: 96, transient: 96 },
    ],
    ['is widened from bfloat16', { dtype: 'bfloat16' }, {}, { copied: 96, transient: 48 }],
    ['is narrowed to bfloat16', {}, { dtype: 'bfloat16' as 'float32' }, { copied: 48, transient: 96 }],
    ['of which rows are used', { view: [{ op: 'slice', dim: 0, start: 1, stop: 3 }] }, {}, { mapped: 48 }],
    ['is copied for a sum', { add: 1 }, {}, { copied: 96, transient: 96 }],
    ['is copied to a device', {}, { onCpu: false as true }, { copied: 96, transient: 96 }],
    [
      'in memory is copied by native',
      { file: undefined as never, data: new Uint8Array(200) },
      {},
      { copied: 96, held: 96 },
    ],
  ])('%s', (_, more, placement, expected) => {
    expect(tensorMemory(source(more), { ...eager, ...placement })).toEqual({ ...none, ...expected });
  });

  test('of MXFP4 is unpacked to bfloat16, then widened', () => {
    const scales = source({ dtype: 'uint8', shape: [2, 3] });
    const packed = source({ dtype: 'uint8', shape: [2, 3, 16], scales });
    // 2 x 96 numbers; 96 bytes packed and 6 of scales.
    expect(tensorMemory(packed, eager)).toEqual({ ...none, copied: 768, transient: 384 + 102 });
  });
});

test.each<[boolean, number[], ViewStep[]]>([
  [true, [6, 4], [{ op: 'reshape', shape: [2, 3, 4] }]],
  [true, [6, 4], [{ op: 'reshape', shape: [24, 1] }]],
  [
    true,
    [2, 3, 4],
    [
      { op: 'select', dim: 0, index: 1 },
      { op: 'reshape', shape: [12] },
    ],
  ],
  [
    false,
    [2, 3, 4],
    [
      { op: 'select', dim: 1, index: 1 },
      { op: 'reshape', shape: [8] },
    ],
  ],
  [
    false,
    [2, 3, 4],
    [
      { op: 'slice', dim: 1, start: 0, stop: 2 },
      { op: 'reshape', shape: [4, 4] },
    ],
  ],
  [
    true,
    [2, 3, 4],
    [
      { op: 'permute', dims: [2, 0, 1] },
      { op: 'reshape', shape: [4, 6] },
    ],
  ],
  [
    false,
    [2, 3, 4],
    [
      { op: 'permute', dims: [1, 0, 2] },
      { op: 'reshape', shape: [6, 4] },
    ],
  ],
])('plain view %s of %j by %j', (expected, shape, view) => {
  expect(isPlainView(source({ shape, view }))).toBe(expected);
});

/** Each tensor at an offset of its own. */
function apart(checkpoint: Checkpoint): Checkpoint {
  const tensors = [...checkpoint.tensors].map(([name, tensor], i) => [name, { ...tensor, offset: 4096 * i }] as const);
  return { ...checkpoint, tensors: new Map(tensors) };
}

test('several views of one stored tensor take its pages once', () => {
  const { config, shapes } = gpt2Like;
  const { weights } = planModel(apart(memoryCheckpoint(config, shapes)));
  const stored = Object.values(shapes).reduce((sum, shape) => sum + shape.reduce((a, b) => a * b, 4), 0);
  const choice = { onCpu: true, dtype: 'float32', lazyEncoder: false, lazyDecoder: true } as const;
  expect(loadMemory({ weights }, undefined, choice).resident).toBe(stored);
});

describe('a load', () => {
  const shapes = llamaShapes();
  const numbers = 80 + 8 + (8 + 8 + 4 * 64 + 3 * 128);
  const choice = { onCpu: true, lazyEncoder: false, lazyDecoder: true };
  const llama = (dtype: 'float32' | 'bfloat16') =>
    planModel(apart(memoryCheckpoint({ model_type: 'llama', ...llamaSizes }, shapes, () => dtype)));

  test('of a float32 model is the pages of its file, the tied embedding once', () => {
    const { inMemory, resident, peak } = loadMemory(llama('float32'), undefined, { ...choice, dtype: 'float32' });
    expect([inMemory.model, resident, peak]).toEqual([4 * numbers, 4 * numbers, 4 * numbers]);
  });

  test('of bfloat16 weights keeps norms in float32', () => {
    const { resident, peak } = loadMemory(llama('bfloat16'), undefined, { ...choice, dtype: 'bfloat16' });
    // Three norms of 8; while one is widened its two bytes a number are there, too.
    expect(resident).toBe(2 * numbers + 2 * 24);
    expect(peak).toBeLessThanOrEqual(resident + 2 * 8);
  });

  test('of transcoders leaves lazy tensors in their files', async () => {
    // 3 layers, 40 features, width 16; across layers decoders span 3, 2 and 1.
    const { dir } = await writeRandomTranscoders({ format: 'native-cross-layer', skip: true });
    const plan = await planTranscoders(dir);
    const [encoders, decoders, skips, biases] = [3 * 40 * 16 * 4, 6 * 40 * 16 * 4, 3 * 256 * 4, 3 * 56 * 4];
    expect(loadMemory(undefined, plan, { ...choice, dtype: 'float32' })).toEqual({
      inMemory: { model: 0, encoders, decoders: 0, skips, biases },
      onDisk: { model: 0, encoders: 0, decoders, skips: 0, biases: 0 },
      resident: encoders + skips + biases,
      peak: encoders + skips + biases,
    });
    const all = loadMemory(undefined, plan, { onCpu: true, dtype: 'float32', lazyEncoder: true, lazyDecoder: false });
    expect([all.inMemory.decoders, all.onDisk.encoders]).toEqual([decoders, encoders]);
  });

  test('of deflated arrays holds them unpacked', async () => {
    const { dir } = await writeRandomTranscoders({ format: 'gemma-scope-npz', deflate: true });
    const bytes = 3 * 4 * (2 * 40 * 16 + 2 * 40 + 16);
    const { resident, peak } = loadMemory(undefined, await planTranscoders(dir), { ...choice, dtype: 'float32' });
    expect([resident, peak]).toEqual([bytes, 2 * bytes]);
  });
});

test('the memory of an attribution is estimated', async () => {
  const { spec } = planModel(memoryCheckpoint({ model_type: 'llama', ...llamaSizes }, llamaShapes()));
  const { dir } = await writeRandomTranscoders({ format: 'native-per-layer', nLayers: 1, dModel: 8 });
  const size = { tokens: 5, batchSize: 4, activePerToken: 3, maxFeatureNodes: 10, threads: 0 };
  const transcoders = (await planTranscoders(dir)).spec;
  const memory = attributionMemory(spec, transcoders, size);
  const columns = 15 + 5 + 5;
  const localModel = 4 * (2 * 25 + 3 * 2 * 4 * 8 + 4 * 5 * 8 + 8 * 15 + 5 * 10);
  const graphColumns = 10 + 5 + 5 + 10;
  const edges = 4 * 20 * (columns / 4 + graphColumns);
  const perRow = 4 * (5 * (2 * 8 + 4 + 4) + columns + 2 * 8);
  const encoding = 4 * 3.25 * 5 * 40;
  expect(memory).toEqual({
    ...size,
    activeFeatures: 15,
    localModel,
    edges,
    perBatch: 4 * perRow,
    encoding,
    peak: localModel + edges + 4 * perRow,
  });
  // Rows of few positions: no more than there are. Of 100 positions 16 on a thread.
  expect(attributionMemory(spec, transcoders, { ...size, threads: 2 }).perBatch).toBe(4 * perRow);
  const long = { ...size, tokens: 100, batchSize: 512, maxFeatureNodes: Infinity };
  const onThreads = (threads: number) => attributionMemory(spec, transcoders, { ...long, threads }).perBatch;
  expect(onThreads(2) / onThreads(1)).toBe(2);
  expect(onThreads(0) / onThreads(1)).toBe(300 / 16);
});

describe('of folders', () => {
  const folders = { model: modelDir('gemma2'), transcoders: transcoderDir('gemma2-clt-relu') };

  test('a model, transcoders, or both', async () => {
    const [model, transcoders, both] = [
      await estimateMemory({ model: folders.model }),
      await estimateMemory({ transcoders: folders.transcoders }),
      await estimateMemory(folders),
    ];
    expect([model.attribution, transcoders.attribution]).toEqual([undefined, undefined]);
    expect(both.weights.inMemory.model).toBe(model.weights.inMemory.model);
    expect(both.weights.inMemory.encoders).toBe(transcoders.weights.inMemory.encoders);
    expect(both.load.resident).toBe(model.load.resident + transcoders.load.resident - transcoders.process);
    expect(both.attribution).toMatchObject({ tokens: 64, batchSize: 512, activePerToken: 50, activeFeatures: 12800 });
    expect(both.attribution?.peakResident).toBeGreaterThan(both.load.peak);
  });

  test('on a GPU only pages of files stay here', async () => {
    const { load, weights, onDevice, attribution } = await estimateMemory(folders, {
      device: 'cuda',
      lazyDecoder: false,
    });
    expect(load.resident).toBeLessThan(load.peak);
    expect(load.resident).toBe((await estimateMemory({ model: folders.model }, { device: 'cuda' })).process);
    const inMemory = Object.values(weights.inMemory).reduce((sum, bytes) => sum + bytes, 0);
    expect(onDevice).toBe(inMemory + (attribution?.peak ?? 0) - (attribution?.edges ?? 0));
    expect((await estimateMemory(folders)).onDevice).toBe(0);
  });

  test('that are too large for a machine: what helps', async () => {
    const model = {
      ...planModel(memoryCheckpoint({ model_type: 'llama', ...llamaSizes }, llamaShapes())),
      tokenizer: 0,
    };
    const { dir } = await writeRandomTranscoders({ format: 'native-per-layer', nLayers: 1, dModel: 8 });
    const parts = { model, transcoders: await planTranscoders(dir) };
    expect(memoryAdvice(parts, {})).toMatchObject({ fits: true, changes: [] });
    const { fits, needed, changes } = memoryAdvice(parts, { tokens: 1e7 });
    expect(fits).toBe(false);
    expect(changes.map(({ options }) => Object.keys(options)[0])).toContain('maxFeatureNodes');
    for (const change of changes) {
      expect(change.needed).toBeLessThan(needed);
      const { load, attribution } = memoryOf(parts, { tokens: 1e7, ...change.options });
      expect(change.needed).toBe(Math.max(load.peak, attribution?.peakResident ?? 0));
    }
  });

  test('refuses what it does not know', async () => {
    await expectRejection(estimateMemory({}), 'ERR_INVALID_ARGUMENT', /found neither/);
    await expectRejection(estimateMemory(folders, { tokens: 0 }), 'ERR_INVALID_ARGUMENT', /tokens/);
    await expectRejection(
      estimateMemory(folders, { lazyEncoders: true } as never),
      'ERR_INVALID_ARGUMENT',
      /lazyEncoder/,
    );
    await expectRejection(estimateMemory({ ...folders, model: modelDir('gpt2') }), 'ERR_MODEL_MISMATCH', /./);
  });
});

// House, section 0, D9; field faults, section 4.
test('batchSize auto is the number of rows that fit in half of the free memory, at most 512', async () => {
  const what = { model: modelDir('gemma2'), transcoders: transcoderDir('gemma2-clt-relu') };
  const auto = await estimateMemory(what, { batchSize: 'auto' });
  const most = await estimateMemory(what, { batchSize: 512 });
  expect(auto).toEqual(most);
  await expectRejection(
    estimateMemory(what, { batchSize: 'much' as 'auto' }),
    'ERR_INVALID_ARGUMENT',
    /batchSize must be a whole number/,
  );
  const size = { tokens: 200, activePerToken: 50, maxFeatureNodes: Infinity, threads: 0 };
  const model = planModel(memoryCheckpoint({ model_type: 'llama', ...llamaSizes }, llamaShapes())).spec;
  const { spec } = await planTranscoders(transcoderDir('gemma2-clt-relu'));
  const rowsIn = (free: number) => attributionMemory(model, spec, { ...size, batchSize: 'auto', free });
  const { localModel, perBatch } = attributionMemory(model, spec, { ...size, batchSize: 1 });
  expect(rowsIn(localModel + 7.5 * 2 * perBatch)).toMatchObject({ batchSize: 7, perBatch: 7 * perBatch });
  expect(rowsIn(localModel / 2).batchSize).toBe(1);
  expect(rowsIn(Infinity).batchSize).toBe(512);
});
