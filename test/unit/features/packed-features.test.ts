import { mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import fs from 'node:fs/promises';
import path from 'node:path';
import { deflateSync, gunzipSync, gzipSync } from 'node:zlib';
import { cantorPair } from '../../../lib/graph-file/cantor';
import { PackedFeatures } from '../../../lib/harvest';
import { expectRejection } from '../../support/expect-rejection';
import { temporaryFolder } from '../../support/temporary-folder';

const feature = (index: number) => ({
  index,
  examples_quantiles: [{ quantile_name: 'Top', examples: [{ tokens: ['a', ' b'], tokens_acts_list: [0, 1.5] }] }],
  top_logits: [' b'],
});

/** A layer of three features: gzip, none, zlib. */
function pack(change: { index?: unknown; bin?: Buffer } = {}): string {
  const folder = path.join(temporaryFolder(), 'features');
  mkdirSync(folder);
  const packed = [gzipSync(JSON.stringify(feature(0))), undefined, deflateSync(JSON.stringify(feature(2)))];
  const entries = packed.map((data) => (data ? Buffer.concat([uint32(data.length), data]) : Buffer.alloc(0)));
  const offsets = [0];
  for (const entry of entries) offsets.push((offsets.at(-1) as number) + entry.length);
  const index = change.index ?? { version: '1.0', 5: { filename: 'layer_5.bin', offsets } };
  writeFileSync(path.join(folder, 'index.json.gz'), gzipSync(JSON.stringify(index)));
  writeFileSync(path.join(folder, 'layer_5.bin'), change.bin ?? Buffer.concat(entries));
  return folder;
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

test('reads features of either compression, and none where there are none', async () => {
  await using features = await PackedFeatures.open(pack());
  expect(features.layers).toEqual([5]);
  expect([features.count(5), features.count(4)]).toEqual([3, 0]);
  expect(await features.read(5, 0)).toEqual(feature(0));
  expect(await features.read(5, 1)).toBeUndefined();
  expect(await features.read(5, 2)).toEqual(feature(2));
  expect(await features.read(5, 3)).toBeUndefined();
  expect(await features.read(0, 0)).toBeUndefined();
});

test.each([
  ['a list in its place', { index: [] }, /must be an object/],
  ['a file in another folder', { index: { 0: { filename: '../x', offsets: [0, 1] } } }, /layer 0 must have a filename/],
  ['offsets that descend', { index: { 0: { filename: 'x', offsets: [5, 1] } } }, /ascending offsets/],
])('an index with %s', async (_, change, message) => {
  const opened = PackedFeatures.open(pack(change));
  await expect(opened).rejects.toMatchObject({ code: 'ERR_FILE_FORMAT', message: expect.stringMatching(message) });
});

test.each([
  ['cut short', Buffer.alloc(10), /truncated|unpacked/],
  ['too short for its length', Buffer.concat([uint32(9999), Buffer.alloc(400)]), /truncated/],
  ['of noise', Buffer.concat([uint32(20), Buffer.alloc(400, 7)]), /unpacked/],
])('an entry %s', async (_, bin, message) => {
  await using features = await PackedFeatures.open(pack({ bin }));
  const read = features.read(5, 0);
  await expect(read).rejects.toMatchObject({ code: 'ERR_FILE_FORMAT', message: expect.stringMatching(message) });
});

// Field faults, section 6, L9: with one offset missing, feature 1 was asked for and feature 2 came.
test('an entry with the index of another feature is refused', async () => {
  const { 5: good } = JSON.parse(gunzipSync(readFileSync(path.join(pack(), 'index.json.gz'))).toString());
  const index = { 5: { ...good, offsets: good.offsets.filter((_: number, i: number) => i !== 1) } };
  await using features = await PackedFeatures.open(pack({ index }));
  await expectRejection(features.read(5, 1), 'ERR_FILE_FORMAT', /feature 1: the entry belongs to feature 2/);
});

test('a feature may be numbered by the pair of its layer and index, as pages do', async () => {
  const json = gzipSync(JSON.stringify(feature(cantorPair(5, 2))));
  const bin = Buffer.concat([uint32(json.length), json]);
  const index = { 5: { filename: 'layer_5.bin', offsets: [0, 0, 0, bin.length] } };
  await using features = await PackedFeatures.open(pack({ index, bin }));
  expect(await features.read(5, 2)).toMatchObject({ index: cantorPair(5, 2) });
});

// Field faults, section 6, M1: some kilobytes that unpack to brackets took gigabytes and blocked for seconds.
test('an index and an entry of brackets are refused before they are parsed', async () => {
  const brackets = Buffer.alloc(8e6, '[');
  const folder = pack();
  const json = deflateSync(brackets);
  const index = { 5: { filename: 'layer_5.bin', offsets: [0, 4 + json.length] } };
  await using hostile = await PackedFeatures.open(pack({ index, bin: Buffer.concat([uint32(json.length), json]) }));
  await expectRejection(
    hostile.read(5, 0),
    'ERR_FILE_FORMAT',
    /feature 0: it is not JSON \(brackets nested more than 16 deep/,
  );
  writeFileSync(path.join(folder, 'index.json.gz'), gzipSync(brackets));
  await expectRejection(PackedFeatures.open(folder), 'ERR_FILE_FORMAT', /index.*brackets nested more than 8 deep/);
});

// Field faults, section 6, L1: errors of Node itself.
test('an index too large to read, and a file that fails to be read', async () => {
  const folder = pack();
  truncateSync(path.join(folder, 'index.json.gz'), 3 * 2 ** 30);
  await expectRejection(PackedFeatures.open(folder), 'ERR_FILE_FORMAT', /index.json.gz: expected at most/);
  const failing = Object.assign(new Error('EINVAL: invalid argument, read'), { code: 'EINVAL', syscall: 'read' });
  const handle = { read: () => Promise.reject(failing), close: async () => undefined };
  await using features = await PackedFeatures.open(pack());
  const opened = jest.spyOn(fs, 'open').mockResolvedValueOnce(handle as unknown as fs.FileHandle);
  await expectRejection(features.read(5, 0), 'ERR_FILE_READ', /layer_5.bin: cannot be read \(EINVAL/);
  opened.mockRestore();
});

test('an entry that is no feature, and files that are not there', async () => {
  const json = gzipSync(JSON.stringify({ index: 0, examples_quantiles: [{ quantile_name: 'Top', examples: [{}] }] }));
  const bin = Buffer.concat([uint32(json.length), json]);
  const index = {
    5: { filename: 'layer_5.bin', offsets: [0, bin.length] },
    6: { filename: 'no.bin', offsets: [0, 9] },
  };
  await using features = await PackedFeatures.open(pack({ index, bin }));
  await expect(features.read(5, 0)).rejects.toMatchObject({ message: expect.stringMatching(/tokens_acts_list/) });
  await expect(features.read(6, 0)).rejects.toMatchObject({ code: 'ERR_FILE_NOT_FOUND' });
  await expect(PackedFeatures.open(temporaryFolder())).rejects.toMatchObject({ code: 'ERR_FILE_NOT_FOUND' });
});

// House, section 0, D2: `featuresDir` of a model whose transcoders have no examples.
test('undefined in place of a folder is told what it means', async () => {
  await expectRejection(PackedFeatures.open(undefined), 'ERR_FILE_NOT_FOUND', /have no examples/);
});
