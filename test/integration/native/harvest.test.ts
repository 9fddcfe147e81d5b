import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { type FeatureExamples, ReplacementModel } from '../../../lib';
import { type HarvestOptions, harvestFeatures, PackedFeatures } from '../../../lib/harvest';
import { openSafetensors } from '../../../lib/io/safetensors';
import type { TensorSource } from '../../../lib/io/tensor-source';
import { expectRejection } from '../../support/expect-rejection';
import { modelDir, transcoderDir } from '../../support/fixtures';
import { readSource } from '../../support/read-source';
import { temporaryFolder } from '../../support/temporary-folder';

const words = 'the old ferry crosses river She counted 12 baskets of salt My sister keeps letters in a blue box'.split(
  ' ',
);
const lines = Array.from({ length: 40 }, (_, i) =>
  Array.from({ length: 3 + (i % 17) }, (_, j) => words[(i * 7 + j * j) % words.length]).join(' '),
);

/** Where examples are not the point: cutting and writing them is most of the work. */
const fewExamples = { topExamples: 2, intervals: 1, intervalExamples: 1 };

let model: ReplacementModel;
beforeAll(async () => {
  model = await ReplacementModel.load(modelDir('llama'), transcoderDir('llama-plt-relu-skip'));
});
afterAll(() => model.dispose());

function textFile(name = 'corpus.txt', content = lines.join('\n')): string {
  const file = path.join(temporaryFolder(), name);
  writeFileSync(file, name.endsWith('.gz') ? gzipSync(content) : content);
  return file;
}

async function harvested(options: Partial<HarvestOptions> & { text: string }) {
  const out = temporaryFolder();
  const result = await harvestFeatures(model, { out, ...options });
  await using packed = await PackedFeatures.open(out);
  const records = new Map<string, FeatureExamples>();
  for (const layer of packed.layers) {
    for (let f = 0; f < packed.count(layer); f++) {
      const record = await packed.read(layer, f);
      if (record) records.set(`${layer}:${f}`, record);
    }
  }
  return { result, records, out };
}

/** What a feature is on each token of each line, without the special token in front. */
async function bruteForce(context: number) {
  const all = new Map<string, { line: number; position: number; value: number }[]>();
  let tokens = 0;
  for (const [line, text] of lines.entries()) {
    const prepared = model.tokenizer?.prepare(text) ?? { tokens: [], specialPositions: 0 };
    const [special = 0, ...body] = prepared.tokens;
    tokens += body.length;
    for (let start = 0; start < body.length; start += context - 1) {
      const part = [special, ...body.slice(start, start + context - 1)];
      const { activations } = await model.getActivations(part, { sparse: true, exactTokens: true });
      for (const [i, value] of activations.values.entries()) {
        const [layer, row = 0, feature] = activations.indices.subarray(3 * i, 3 * i + 3);
        const key = `${layer}:${feature}`;
        all.set(key, [...(all.get(key) ?? []), { line, position: start + row - 1, value }]);
      }
    }
  }
  return { all, tokens };
}

/** Three digits are written, and sums of other threads end in other bits. */
function expectNear(found: number | undefined, expected: number | undefined): void {
  const difference = Math.abs((found ?? Number.NaN) - (expected ?? Number.NaN));
  expect(difference).toBeLessThanOrEqual(0.006 * Math.abs(expected ?? 0) + 1e-5);
}

test.each([
  ['whole lines', 128],
  ['lines cut', 6],
])('of %s every number is what a look at each prompt gives', async (_, context) => {
  const { records, result } = await harvested({
    text: textFile(),
    context,
    bins: 8,
    topExamples: 3,
    sameWord: 9,
    window: 4,
  });
  const { all, tokens } = await bruteForce(context);
  expect(result.tokens).toBe(tokens);
  expect([...records.keys()].sort()).toEqual([...all.keys()].sort());
  expect(result.features).toBe(all.size);
  for (const [key, places] of all) {
    const record = records.get(key) as FeatureExamples;
    const values = places.map(({ value }) => value).sort((a, b) => a - b);
    expectNear(record.activation_frequency, places.length / tokens);
    expectNear(record.act_max, values.at(-1));
    expect(record.histogram?.reduce((sum, bar) => sum + bar, 0)).toBe(places.length);
    const [least, , median, , most] = record.quantile_values ?? [];
    expectNear(least, values[0]);
    expectNear(most, values.at(-1));
    const half = (values.length - 1) / 2;
    expectNear(median, ((values[Math.floor(half)] ?? 0) + (values[Math.ceil(half)] ?? 0)) / 2);
    const top = record.examples_quantiles[0]?.examples[0];
    expect(top?.tokens_acts_list[top?.train_token_ind ?? -1]).toBe(record.act_max);
    expect(top?.tokens.length).toBeLessThanOrEqual(4);
    const shown = record.examples_quantiles[0]?.examples.map((e) => e.tokens_acts_list[e.train_token_ind ?? -1] ?? 0);
    expect(shown).toEqual(shown?.toSorted((a, b) => b - a));
  }
});

test('examples are cut from the text as it is', async () => {
  const { records } = await harvested({ text: textFile(), window: 6 });
  const texts = lines.map((line) => ` ${line} `);
  for (const { examples_quantiles } of records.values()) {
    for (const { tokens } of examples_quantiles.flatMap(({ examples }) => examples)) {
      const text = tokens.join('').trim();
      expect(texts.some((line) => line.includes(text))).toBe(true);
    }
  }
});

test('logits are what decoder rows do through the final norm and the unembedding', async () => {
  const { tensors } = await openSafetensors(path.join(modelDir('llama'), 'model.safetensors'));
  const { tensors: layer } = await openSafetensors(
    path.join(transcoderDir('llama-plt-relu-skip'), 'layer_2.safetensors'),
  );
  const floats = (from: Map<string, TensorSource>, name: string) => readSource(from.get(name)).data;
  const gain = floats(tensors, 'model.norm.weight');
  const embedding = floats(tensors, 'model.embed_tokens.weight');
  const decoders = floats(layer, 'W_dec');
  const { dModel, dVocab } = model.spec;
  const { top, bottom } = await model.featureLogits(2, 3);
  for (const feature of [0, 5, 100]) {
    const effects = Array.from({ length: dVocab }, (_, token) => {
      let sum = 0;
      for (let d = 0; d < dModel; d++) {
        sum += (decoders[feature * dModel + d] ?? 0) * (gain[d] ?? 0) * (embedding[token * dModel + d] ?? 0);
      }
      return { token, sum };
    }).sort((a, b) => b.sum - a.sum);
    expect([...top.subarray(3 * feature, 3 * feature + 3)]).toEqual(effects.slice(0, 3).map(({ token }) => token));
    const lowest = effects.slice(-3).reverse();
    expect([...bottom.subarray(3 * feature, 3 * feature + 3)]).toEqual(lowest.map(({ token }) => token));
  }
});

test('JSON lines and gzipped text give the same', async () => {
  const json = lines.map((text) => JSON.stringify({ text, id: 1 })).join('\r\n');
  const whole = await harvested({ text: textFile(), ...fewExamples });
  for (const text of [
    textFile('c.jsonl', json),
    textFile('c.jsonl.gz', json),
    textFile('c.txt.gz'),
    textFile('c.txt', `\n\n${lines.join('\n\n')}\n`),
  ]) {
    const { records } = await harvested({ text, ...fewExamples });
    expect([...records.keys()]).toEqual([...whole.records.keys()]);
    // As text, since Jest takes seconds for so many objects.
    const different = [...records].find(
      ([key, record]) => JSON.stringify(record) !== JSON.stringify(whole.records.get(key)),
    );
    expect(different).toBeUndefined();
  }
});

test('with few places kept, counts and the strongest stay exact', async () => {
  const all = await harvested({ text: textFile(), ...fewExamples });
  const few = await harvested({ text: textFile(), ...fewExamples, candidates: 8, sample: 8 });
  const exact = ({ records }: typeof all) =>
    [...records].map(
      ([
        key,
        {
          activation_frequency,
          act_max,
          examples_quantiles: [top],
        },
      ]) => JSON.stringify([key, activation_frequency, act_max, top?.examples[0]]),
    );
  expect(exact(few)).toEqual(exact(all));
});

test.each([
  ['lines of one stretch', 128],
  ['lines of many stretches', 4],
])('broken off again and again, it ends in the same bytes: %s', async (_, context) => {
  // Three batches of 4,096 tokens: enough to be broken off in the middle.
  const long = Array.from({ length: 10 }, () => lines.join(' ')).join('\n');
  const options = {
    text: textFile('long.txt', long),
    context,
    saveInterval: 0,
    ...fewExamples,
    candidates: 20,
    sample: 20,
  };
  const whole = await harvested(options);
  const out = temporaryFolder();
  for (let stops = 0; stops < 2; stops++) {
    const stop = new AbortController();
    let steps = 0;
    const onProgress = () => {
      if (++steps > 1) stop.abort();
    };
    await expectRejection(
      harvestFeatures(model, { ...options, out, signal: stop.signal, onProgress }),
      'ABORT_ERR',
      /aborted/,
    );
    expect(readdirSync(out)).toEqual(['harvest-state.bin']);
  }
  await harvestFeatures(model, { ...options, out });
  expect(readdirSync(out).sort()).toEqual(readdirSync(whole.out).sort());
  for (const name of readdirSync(out)) {
    expect(readFileSync(path.join(out, name)).equals(readFileSync(path.join(whole.out, name)))).toBe(true);
  }
});

describe('refuses', () => {
  const run = (options: Partial<HarvestOptions>) =>
    harvestFeatures(model, { text: textFile(), out: temporaryFolder(), ...options });

  test.each([
    ['no such text', { text: '/nowhere/c.txt' }, 'ERR_FILE_NOT_FOUND', /nowhere/],
    ['a folder for text', { text: '/tmp' }, 'ERR_FILE_READ', /folder/],
    ['another ending', { text: __filename }, 'ERR_FILE_FORMAT', /\.txt or \.jsonl/],
    ['an unknown option', { contxt: 5 }, 'ERR_INVALID_ARGUMENT', /context/],
    ['a context of one', { context: 1 }, 'ERR_INVALID_ARGUMENT', /context/],
    ['half an example', { topExamples: 0.5 }, 'ERR_INVALID_ARGUMENT', /topExamples/],
    ['a folder that is a file', { out: __filename }, 'ERR_FILE_WRITE', /harvest\.test/],
  ] as const)('%s', async (_, options, code, message) => {
    await expectRejection(run(options as Partial<HarvestOptions>), code, message);
  });

  test.each([
    ['no text at all', 'c.txt', '', /found none/],
    ['only line breaks', 'c.txt', '\n\n', /found none/],
    ['bytes that are no UTF-8', 'c.txt', Buffer.from([0x61, 0xff, 0xfe]), /UTF-8/],
    ['a line that is no JSON', 'c.jsonl', '{"text": "a"}\nx\n', /line 2/],
    ['JSON without text', 'c.jsonl', '{"txt": "a"}\n', /line 1/],
    ['a broken gzip', 'c.txt.gz', undefined, /UTF-8 text/],
  ] as const)('%s', async (_, name, content, message) => {
    const file = path.join(temporaryFolder(), name);
    writeFileSync(file, content ?? gzipSync(lines.join('\n')).subarray(0, 60));
    await expectRejection(run({ text: file }), 'ERR_FILE_FORMAT', message);
  });

  test('the state of another harvest, and a damaged state', async () => {
    const [text, out] = [textFile(), temporaryFolder()];
    const stop = new AbortController();
    const left = harvestFeatures(model, {
      text,
      out,
      saveInterval: 0,
      signal: stop.signal,
      onProgress: ({ phase }) => phase === 'examples' && stop.abort(),
    });
    await expectRejection(left, 'ABORT_ERR', /aborted/);
    await expectRejection(harvestFeatures(model, { text, out, context: 64 }), 'ERR_FILE_FORMAT', /another harvest/);
    const state = path.join(out, 'harvest-state.bin');
    writeFileSync(state, readFileSync(state).subarray(0, -5));
    await expectRejection(harvestFeatures(model, { text, out }), 'ERR_FILE_FORMAT', /truncated/);
    writeFileSync(state, 'x\n');
    await expectRejection(harvestFeatures(model, { text, out }), 'ERR_FILE_FORMAT', /damaged/);
    expect(existsSync(path.join(out, 'index.json.gz'))).toBe(false);
  });
});
