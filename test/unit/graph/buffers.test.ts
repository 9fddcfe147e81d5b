import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Graph, type LogitTarget } from '../../../lib';
import { expectRejection } from '../../support/expect-rejection';
import { expectSameGraph } from '../../support/same-graph';
import { temporaryFolder } from '../../support/temporary-folder';
import { tinyData } from './support/tiny';

// Field faults c4: graphs could be kept in files alone.

const direction: LogitTarget = { tokenId: 10, token: 'way', weight: 1, vector: new Float32Array(8).fill(0.5) };
const [first] = tinyData().logits as [LogitTarget];
const graph = new Graph(tinyData({ logits: [first, direction], featureLabels: { '0:40': 'é' } }));

test('a buffer holds what the file does, and gives the graph back', async () => {
  const path = join(temporaryFolder(), 'g.safetensors');
  await graph.save(path);
  const bytes = await graph.toBuffer();
  expect(bytes.equals(readFileSync(path))).toBe(true);
  expectSameGraph(await Graph.fromBuffer(bytes), graph);
  // Bytes from elsewhere needn't begin where numbers may.
  const shifted = new Uint8Array(bytes.length + 1);
  shifted.set(bytes, 1);
  expectSameGraph(await Graph.fromBuffer(shifted.subarray(1)), graph);
});

test('the graph has arrays of its own', async () => {
  const bytes = await graph.toBuffer();
  const copy = await Graph.fromBuffer(bytes);
  bytes.fill(0);
  expectSameGraph(copy, graph);
});

test.each<[string, (bytes: Buffer) => Uint8Array]>([
  ['no bytes', () => new Uint8Array()],
  ['a part', (bytes) => bytes.subarray(0, bytes.length - 8)],
  ['JSON', () => Buffer.from('{"nodes": []}')],
  ['a zip archive, as .pt files are', () => Buffer.from('PK\u0003\u0004 and more that is no graph')],
])('refuses %s', async (_, change) => {
  await expectRejection(Graph.fromBuffer(change(await graph.toBuffer())), 'ERR_FILE_FORMAT', /buffer/);
});

test('fromBuffer rejects values other than bytes and can be aborted', async () => {
  await expectRejection(Graph.fromBuffer('g.pt' as never), 'ERR_INVALID_ARGUMENT', /bytes must be a Uint8Array/);
  const signal = AbortSignal.abort();
  await expectRejection(graph.toBuffer({ signal }), 'ABORT_ERR', /./);
  await expectRejection(Graph.fromBuffer(await graph.toBuffer(), { signal }), 'ABORT_ERR', /./);
});

test('tells the listener of all bytes', async () => {
  const shares: number[] = [];
  const onProgress = ({ done, total }: { done: number; total: number }) => shares.push(done / total);
  await Graph.fromBuffer(await graph.toBuffer({ onProgress }), { onProgress });
  expect(shares.filter((share) => share === 1).length).toBeGreaterThanOrEqual(2);
});
