import { readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { GraphServer } from '../../../lib/server';
import { ask, bodyOf, expectRefusal, graphFile, graphsFolder, graphText, json, started } from './support/server';

const address = 'api/graphs/salt/view';
const view = { pinnedIds: ['0_228_1'], supernodes: [['a "group"', '1_144_11']], positions: { x: [1, 2] } };

async function opened(): Promise<{ server: GraphServer; file: string; folder: string; revision: string }> {
  const folder = graphsFolder();
  const server = await started({ dataDir: folder });
  const revision = (await ask(server, 'data/salt.json')).headers.get('etag') as string;
  return { server, folder, file: path.join(folder, 'salt.json'), revision };
}

const save = (server: GraphServer, qParams: unknown, revision?: unknown, method = 'PUT') =>
  ask(server, address, json({ qParams, ...(revision !== undefined && { revision }) }, method));

test.each(['PUT', 'POST'])('%s replaces the view and nothing else', async (method) => {
  const { server, folder, file, revision } = await opened();
  const response = await save(server, view, revision, method);
  expect(response.status).toBe(200);
  const { revision: saved } = await bodyOf(response);
  const reread = await ask(server, 'data/salt.json', { headers: { range: 'bytes=0-0' } });
  expect(reread.headers.get('etag')).toBe(saved);
  const text = readFileSync(file, 'utf8');
  expect(JSON.parse(text)).toEqual({ ...JSON.parse(graphText), qParams: view });
  const line = /^"qParams": .*$/m;
  expect(text.replace(line, '')).toBe(graphText.replace(line, ''));
  expect(readFileSync(`${file}.bak`, 'utf8')).toBe(graphText);
  expect(readdirSync(folder).sort()).toEqual(['salt.json', 'salt.json.bak']);
});

test('the address of earlier pages saves, too, over whatever is there', async () => {
  const { server, file } = await opened();
  const qParams = { pinnedIds: 'a,b', supernodes: '[]', linkType: null };
  const response = await ask(server, 'save_graph/salt', json({ qParams, timestamp: 1 }));
  expect(response.status).toBe(200);
  expect(JSON.parse(readFileSync(file, 'utf8')).qParams).toEqual(qParams);
});

test('one backup is kept: what the last save replaced', async () => {
  const { server, folder, file } = await opened();
  await save(server, { first: 1 });
  const first = readFileSync(file, 'utf8');
  await save(server, { second: 2 });
  // Saving the same once more replaces nothing.
  await save(server, { second: 2 });
  expect(readFileSync(`${file}.bak`, 'utf8')).toBe(first);
  expect(readdirSync(folder)).toHaveLength(2);
});

test('a view made from another revision is refused with the current view', async () => {
  const { server, file, revision } = await opened();
  const { revision: theirs } = await bodyOf(await save(server, { theirs: true }, revision));
  const body = await expectRefusal(await save(server, { mine: true }, revision), 409, 'ERR_CONFLICT');
  expect(body).toMatchObject({ revision: theirs, qParams: { theirs: true } });
  expect(JSON.parse(readFileSync(file, 'utf8')).qParams).toEqual({ theirs: true });
  expect((await save(server, { mine: true }, body.revision)).status).toBe(200);
  expect((await save(server, { over: true }, null)).status).toBe(200);
});

test('a file changed by another program is another revision', async () => {
  const { server, file, revision } = await opened();
  writeFileSync(file, `${graphText} `);
  await expectRefusal(await save(server, view, revision), 409, 'ERR_CONFLICT');
});

test('one of several simultaneous saves from one revision succeeds, the others are refused', async () => {
  const { server, file, revision } = await opened();
  const responses = await Promise.all(Array.from({ length: 20 }, (_, i) => save(server, { i }, revision)));
  const statuses = responses.map(({ status }) => status);
  expect(statuses.filter((status) => status === 200)).toHaveLength(1);
  expect(statuses.filter((status) => status === 409)).toHaveLength(19);
  expect(JSON.parse(readFileSync(file, 'utf8')).qParams).toEqual({ i: statuses.indexOf(200) });
});

test('saves at once that ask for no revision take turns', async () => {
  const { server, folder, file } = await opened();
  const responses = await Promise.all(Array.from({ length: 20 }, (_, i) => save(server, { i })));
  expect(responses.every(({ status }) => status === 200)).toBe(true);
  const revisions = await Promise.all(responses.map(async (response) => (await bodyOf(response)).revision));
  expect(new Set(revisions).size).toBe(20);
  expect(Object.keys(JSON.parse(readFileSync(file, 'utf8')).qParams)).toEqual(['i']);
  expect(readdirSync(folder).sort()).toEqual(['salt.json', 'salt.json.bak']);
});

test.each([
  ['no view', {}, 400],
  ['a view that is a list', { qParams: [] }, 400],
  ['a revision that is a number', { qParams: {}, revision: 3 }, 400],
  ['a list', [], 400],
])('%s is refused', async (_, body, status) => {
  const { server, file } = await opened();
  await expectRefusal(await ask(server, address, json(body)), status, 'ERR_BAD_REQUEST');
  expect(readFileSync(file, 'utf8')).toBe(graphText);
});

test('bodies that are no JSON, too deep, too large, or not declared', async () => {
  const { server, folder } = await opened();
  const headers = { 'content-type': 'application/json' };
  const put = (body: string | Buffer, type = headers) =>
    ask(server, address, { method: 'PUT', headers: type, body: new Uint8Array(Buffer.from(body)) });
  await expectRefusal(await put('{"qParams":'), 400, 'ERR_BAD_REQUEST');
  await expectRefusal(await put(Buffer.from([0x7b, 0xff, 0x7d])), 400, 'ERR_BAD_REQUEST');
  const deep = `{"qParams":{"a":${'['.repeat(200_000)}${']'.repeat(200_000)}}}`;
  await expectRefusal(await put(deep), 400, 'ERR_BAD_REQUEST');
  await expectRefusal(await put(' '.repeat(8 * 2 ** 20 + 1)), 413, 'ERR_TOO_LARGE');
  await expectRefusal(await put('{"qParams":{}}', { 'content-type': 'text/plain' }), 415, 'ERR_MEDIA_TYPE');
  expect(readdirSync(folder)).toEqual(['salt.json']);
});

test('saving does not create a missing graph or change a damaged one', async () => {
  const { server, folder } = await opened();
  symlinkSync(graphFile, path.join(folder, 'outside.json'));
  writeFileSync(path.join(folder, 'broken.json'), '{"nodes": [');
  writeFileSync(path.join(folder, 'list.json'), '[1]');
  for (const slug of ['none', 'outside', '-x', 'graph-metadata']) {
    await expectRefusal(await ask(server, `api/graphs/${slug}/view`, json({ qParams: {} })), 404, 'ERR_NOT_FOUND');
  }
  for (const slug of ['broken', 'list']) {
    await expectRefusal(await ask(server, `api/graphs/${slug}/view`, json({ qParams: {} })), 422, 'ERR_FILE_FORMAT');
  }
  expect(readdirSync(folder).sort()).toEqual(['broken.json', 'list.json', 'outside.json', 'salt.json']);
  expect(readFileSync(graphFile, 'utf8')).toBe(graphText);
});
