import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ReplacementModel } from '../../../lib';
import { harvestFeatures } from '../../../lib/harvest';
import { expectRejection } from '../../support/expect-rejection';
import { temporaryFolder } from '../../support/temporary-folder';

// Field faults, section 6, L2 and d8: the state of a harvest that broke off.

let model: ReplacementModel;
let text: string;
let state: Buffer;
const options = { context: 32, candidates: 4, sample: 6, topExamples: 2, intervals: 1, intervalExamples: 1, logits: 2 };

/** Break a harvest off after some batches, as Ctrl-C does, with the default time between saves. */
async function brokenOff(out: string): Promise<Error> {
  const stop = new AbortController();
  const onProgress = ({ done }: { done: number }) => done > 0 && stop.abort();
  return harvestFeatures(model, { ...options, text, out, signal: stop.signal, onProgress }).then(
    () => Promise.reject(new Error('it should have been aborted')),
    (error) => error,
  );
}

const statePath = (out: string) => path.join(out, 'harvest-state.bin');
const resume = (out: string) => harvestFeatures(model, { ...options, text, out });

beforeAll(async () => {
  model = await ReplacementModel.load('demo', undefined, { threads: 1 });
  text = path.join(temporaryFolder(), 'corpus.txt');
  const cities = ['Dallas', 'Oakland', 'Osaka', 'Lyon', 'Turin', 'Miami', 'Quito'];
  const lines = cities.flatMap((city) => [
    `Fact: the capital of the state containing ${city} is`,
    `The city of ${city}.`,
  ]);
  writeFileSync(text, `${Array.from({ length: 40 }, () => lines.join(' ')).join('\n')}\n`);
  const out = temporaryFolder();
  await brokenOff(out);
  state = readFileSync(statePath(out));
});
afterAll(() => model.dispose());

test('an abort saves the state, and the same harvest resumes to the same bytes', async () => {
  const [whole, out] = [temporaryFolder(), temporaryFolder()];
  const result = await resume(whole);
  expect(await brokenOff(out)).toMatchObject({ code: 'ABORT_ERR', message: expect.stringMatching(/saved.*resume/) });
  expect(existsSync(statePath(out))).toBe(true);
  let batches = 0;
  const onProgress = ({ phase, done }: { phase: string; done: number }) => {
    if (phase === 'harvest' && done > 0) batches++;
  };
  expect(await harvestFeatures(model, { ...options, text, out, onProgress })).toMatchObject({
    ...result,
    directory: out,
  });
  expect(batches).toBe(1);
  for (const name of ['layer_0.bin', 'layer_3.bin', 'index.json.gz']) {
    expect(readFileSync(path.join(out, name)).equals(readFileSync(path.join(whole, name)))).toBe(true);
  }
});

/** Numbers from 0 up to, not with, `below`; the same ones each time. */
function* someNumbers(below: number, count: number): Iterable<number> {
  for (let i = 0, x = 12345; i < count; i++) {
    x = (Math.imul(x, 1103515245) + 12345) >>> 0;
    yield x % below;
  }
}

test('a changed bit anywhere is refused', async () => {
  const out = temporaryFolder();
  for (const bit of [...someNumbers(8 * state.length, 24), 8 * state.length - 1]) {
    const mutant = Buffer.from(state);
    mutant[bit >> 3] = (mutant[bit >> 3] as number) ^ (1 << (bit & 7));
    writeFileSync(statePath(out), mutant);
    await expectRejection(resume(out), 'ERR_FILE_FORMAT', /harvest-state\.bin.*Delete it/);
  }
});

test('an abort of the second pass says the same', async () => {
  const [out, stop] = [temporaryFolder(), new AbortController()];
  const onProgress = ({ phase }: { phase: string }) => phase === 'examples' && stop.abort();
  const left = harvestFeatures(model, { ...options, text, out, signal: stop.signal, onProgress });
  await expectRejection(left, 'ABORT_ERR', /saved.*resume/);
});

test('other weights under the same name and of the same shape are refused', async () => {
  const bytes = sealed(
    () => undefined,
    (json) => json.replace(/("activations":\[\[\d+,\d+,\d+,)[\d.]+/, '$10.001'),
  );
  const out = temporaryFolder();
  writeFileSync(statePath(out), bytes);
  await expectRejection(resume(out), 'ERR_FILE_FORMAT', /weights have changed/);
});

test('so is one that is longer or shorter', async () => {
  const out = temporaryFolder();
  const end = state.length;
  for (const bytes of [
    state.subarray(0, 0),
    state.subarray(0, 30),
    state.subarray(0, end - 1),
    Buffer.concat([state, state]),
    Buffer.concat([state, Buffer.alloc(1)]),
  ]) {
    writeFileSync(statePath(out), bytes);
    await expectRejection(resume(out), 'ERR_FILE_FORMAT', /harvest-state\.bin/);
  }
});

test('one larger than it can be is refused before it is read', async () => {
  const out = temporaryFolder();
  writeFileSync(statePath(out), state);
  truncateSync(statePath(out), 2 ** 40);
  expect(statSync(statePath(out)).size).toBe(2 ** 40);
  await expectRejection(resume(out), 'ERR_FILE_FORMAT', /the file is too large/);
});

/** With a checksum that is right again: only the contents are wrong. */
function sealed(change: (bytes: Buffer, records: number) => void, head = (json: string) => json): Buffer {
  const lineEnd = state.indexOf(10, state.indexOf(10) + 1);
  const [magic, json] = state.toString('utf8', 0, lineEnd).split('\n') as [string, string];
  const records = Buffer.from(state.subarray(lineEnd + 1, -32));
  change(records, records.length);
  const body = Buffer.concat([Buffer.from(`${magic}\n${head(json)}\n`), records]);
  return Buffer.concat([body, createHash('sha256').update(body).digest()]);
}

test.each<[string, Buffer | (() => Buffer)]>([
  ['a layer the model lacks', () => sealed((bytes) => bytes.writeUInt32LE(9, 0))],
  ['a feature the layer lacks', () => sealed((bytes) => bytes.writeUInt32LE(640, 4))],
  ['more places than are kept', () => sealed((bytes) => bytes.writeUInt32LE(2 ** 32 - 1, 8))],
  ['more sampled places than are kept', () => sealed((bytes) => bytes.writeUInt32LE(7, 12))],
  ['a count of no number', () => sealed((bytes) => bytes.writeDoubleLE(Number.NaN, 16))],
  ['a larger count than tokens', () => sealed((bytes) => bytes.writeDoubleLE(1e9, 16))],
  ['an endless maximum', () => sealed((bytes) => bytes.writeDoubleLE(Infinity, 24))],
  ['a minimum above the maximum', () => sealed((bytes) => bytes.writeDoubleLE(1e30, 32))],
  ['an activation above the maximum', () => sealed((bytes) => bytes.writeFloatLE(1e30, 40))],
  ['a place of no number', () => sealed((bytes) => bytes.writeFloatLE(Number.NaN, 40))],
  ['a position past the longest line', () => sealed((bytes) => bytes.writeUInt32LE(2 ** 20, 48))],
  ['a token beyond the vocabulary', () => sealed((bytes) => bytes.writeUInt32LE(2 ** 21, 52))],
  ['a document of no number', () => sealed((bytes) => bytes.writeDoubleLE(0.5, 56))],
  [
    'fewer features than it says',
    () =>
      sealed(
        () => undefined,
        (json) => json.replace(/"features":\d+/, '"features":1e9'),
      ),
  ],
  [
    'more features than it says',
    () =>
      sealed(
        () => undefined,
        (json) => json.replace(/"features":\d+/, '"features":1'),
      ),
  ],
  [
    'a negative line',
    () =>
      sealed(
        () => undefined,
        (json) => json.replace(/"line":\d+/, '"line":-1'),
      ),
  ],
  [
    'no next place',
    () =>
      sealed(
        () => undefined,
        (json) => json.replace(/"next":\{[^}]*\}/, '"next":null'),
      ),
  ],
  [
    'tokens that are no number',
    () =>
      sealed(
        () => undefined,
        (json) => json.replace(/"tokens":\d+/, '"tokens":"5"'),
      ),
  ],
])('%s, under a right checksum', async (_, bytes) => {
  const out = temporaryFolder();
  writeFileSync(statePath(out), typeof bytes === 'function' ? bytes() : bytes);
  await expectRejection(resume(out), 'ERR_FILE_FORMAT', /harvest-state\.bin.*Delete it/);
});
