import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { Graph, graphJson, graphJsonStream, writeGraphFiles } from '../../../lib';
import { expectRejection } from '../../support/expect-rejection';
import { randomGraph } from '../../support/random-graph';
import { temporaryFolder } from '../../support/temporary-folder';
import { tinyData } from './support/tiny';

// Field faults c1: the page's JSON could be had by way of files alone.

jest.mock('../../../lib/engine/jobs', () => require('./support/engine'));

const graph = new Graph(tinyData());

async function textOf(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

const all = { slug: 'one', scan: 'set', view: { pinnedIds: ['0_40_0'] }, info: { description: 'é' }, nodeThreshold: 1 };

test('object, stream and file are one', async () => {
  const { graphFile, nodes, links, bytes } = await writeGraphFiles(graph, { ...all, directory: temporaryFolder() });
  const text = readFileSync(graphFile, 'utf8');
  const object = await graphJson(graph, all);
  expect(await textOf(await graphJsonStream(graph, all))).toBe(text);
  expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(object)));
  expect([object.nodes.length, object.links.length, Buffer.byteLength(text)]).toEqual([nodes, links, bytes]);
  expect(object.qParams.pinnedIds).toEqual(['0_40_0']);
  expect(object.metadata).toMatchObject({ slug: 'one', node_threshold: 1 });
});

test('a graph of many chunks is written as one', async () => {
  const large = randomGraph(120);
  const text = await textOf(await graphJsonStream(large, { scan: 'set', nodeThreshold: 1, edgeThreshold: 1 }));
  const object = await graphJson(large, { scan: 'set', nodeThreshold: 1, edgeThreshold: 1 });
  expect(Buffer.byteLength(text)).toBeGreaterThan(2 ** 18);
  expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(object)));
});

test('a pruned graph is taken as it is', async () => {
  const pruned = await graph.prune({ nodeThreshold: 1, edgeThreshold: 0.9 });
  expect(await graphJson(pruned)).toEqual(await graphJson(graph, { nodeThreshold: 1, edgeThreshold: 0.9 }));
  expect((await graphJson(pruned)).metadata.slug).toBe('graph');
  const refused = /nodeThreshold and edgeThreshold apply only to a whole graph/;
  await expectRejection(graphJson(pruned, { nodeThreshold: 0.5 }), 'ERR_INVALID_ARGUMENT', refused);
  const written = writeGraphFiles(pruned, { slug: 'x', directory: temporaryFolder(), edgeThreshold: 0.5 });
  await expectRejection(written, 'ERR_INVALID_ARGUMENT', refused);
});

test('errors are reported before the first byte', async () => {
  const signal = AbortSignal.abort();
  for (const call of [graphJson, graphJsonStream]) {
    await expectRejection(call(graph, { slug: 'a/b' }), 'ERR_INVALID_ARGUMENT', /slug/);
    await expectRejection(call(graph, { scan: [] }), 'ERR_INVALID_ARGUMENT', /scan/);
    await expectRejection(call(graph, { directory: 'x' } as object), 'ERR_INVALID_ARGUMENT', /no 'directory'/);
    await expectRejection(call(graph, { signal }), 'ABORT_ERR', /./);
  }
});

test('a signal that fires later ends the stream', async () => {
  const controller = new AbortController();
  const stream = await graphJsonStream(graph, { signal: controller.signal });
  controller.abort();
  await expectRejection(textOf(stream), 'ABORT_ERR', /./);
});

test('it is a body of a web response', async () => {
  const stream = await graphJsonStream(graph);
  const response = new Response(Readable.toWeb(stream) as ReadableStream);
  expect(await response.json()).toEqual(JSON.parse(JSON.stringify(await graphJson(graph))));
});

test('the listener is told of the writing up to its end', async () => {
  const done: number[] = [];
  const onProgress = (progress: { phase: string; done: number; total: number }) =>
    progress.phase === 'write' && done.push(progress.done / progress.total);
  await textOf(await graphJsonStream(graph, { onProgress }));
  expect([done[0], done.at(-1)]).toEqual([0, 1]);
});
