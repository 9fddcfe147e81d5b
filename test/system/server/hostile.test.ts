import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { GraphServer } from '../../../lib/server';
import { hostileRequests } from './support/hostile';
import { type RawAnswer, sendRaw } from './support/raw';
import { ask, bodyOf, graphsFolder, graphText, json, started } from './support/server';

const canary = 'CANARY-7f3a';

/** A folder of graphs beside a secret, with links that lead out. */
function trap(): string {
  const folder = graphsFolder();
  const root = path.dirname(folder);
  writeFileSync(path.join(root, 'secret.json'), JSON.stringify({ nodes: [], links: [], metadata: {}, canary }));
  writeFileSync(path.join(folder, '.hidden.json'), `{"canary":"${canary}"}`);
  writeFileSync(path.join(folder, '.hidden'), canary);
  writeFileSync(path.join(folder, 'salt.json.bak'), canary);
  symlinkSync('../secret.json', path.join(folder, 'outside.json'));
  symlinkSync('../secret.json', path.join(folder, 'outside.bin'));
  symlinkSync('..', path.join(folder, 'upwards'));
  symlinkSync('loop.json', path.join(folder, 'loop.json'));
  mkdirSync(path.join(folder, 'folder.json'));
  return folder;
}

/** Every file under a folder, and what is in it. */
function snapshot(folder: string): Record<string, string> {
  const entries = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  return Object.fromEntries(
    entries.map((name) => {
      const file = path.join(folder, name);
      const isFile = lstatSync(file).isFile();
      return [name, isFile ? createHash('sha256').update(readFileSync(file)).digest('hex') : ''];
    }),
  );
}

function expectPlainRefusal({ status, headers, body }: RawAnswer, wanted: number | undefined): void {
  expect({ status, body }).toEqual({ status: wanted ?? expect.any(Number), body: expect.stringMatching(/^\{.*\}$/s) });
  expect(status).toBeGreaterThanOrEqual(400);
  expect(status).toBeLessThan(500);
  const { error } = JSON.parse(body);
  expect(error).toEqual({ code: expect.stringMatching(/^ERR_[A-Z_]+$/), message: expect.stringMatching(/\w/) });
  expect(headers).toMatch(/^content-type: application\/json/im);
  expect(headers).toMatch(/^x-content-type-options: nosniff/im);
  expect(headers).not.toMatch(/^(?:access-control-|set-cookie)/im);
  expect(headers + body).not.toContain(canary);
  expect(headers + body).not.toContain('root:');
}

describe('hostile requests', () => {
  const folder = trap();
  const before = snapshot(path.dirname(folder));
  let server: GraphServer;
  beforeAll(async () => {
    server = await started({ dataDir: folder, featuresDir: folder });
  });

  // The port is not known yet; names and number don't depend on it.
  const rows = hostileRequests(8041).map(({ name }, i) => [name, i] as const);

  test('are many', () => expect(rows.length).toBeGreaterThanOrEqual(200));

  test.each(rows)('%s', async (_, i) => {
    const { pieces, status } = hostileRequests(server.port)[i] as ReturnType<typeof hostileRequests>[number];
    expectPlainRefusal(await sendRaw(server.port, ...pieces), status);
  });

  test('have written nothing, and the server answers', async () => {
    expect(snapshot(path.dirname(folder))).toEqual(before);
    const response = await ask(server, 'data/salt.json');
    expect([response.status, await response.text()]).toEqual([200, graphText]);
    const { graphs } = await bodyOf(await ask(server, 'data/graph-metadata.json'));
    expect(graphs.map(({ slug }: { slug: string }) => slug)).toEqual(['salt']);
  });
});

describe('slow requests', () => {
  // Long enough for quick requests on a busy machine.
  const slow = { headersTimeout: 2000, requestTimeout: 2500 };
  // Node's own pace, a look every 30 s, would be too slow.
  const limit = 25_000;
  const start = (port: number) => `PUT /api/graphs/salt/view HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n`;

  test.each([
    ['headers that never end', (port: number) => start(port)],
    ['nothing at all', () => ''],
    [
      'a body that never ends',
      (port: number) => `${start(port)}Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"qParams":`,
    ],
    [
      'chunks that never end',
      (port: number) => `${start(port)}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{"\r\n`,
    ],
  ])(
    '%s',
    async (_, text) => {
      const folder = trap();
      const before = snapshot(folder);
      const server = await started({ dataDir: folder }, slow);
      expectPlainRefusal(await sendRaw(server.port, text(server.port)), 408);
      expect((await ask(server, 'api/status')).status).toBe(200);
      expect(snapshot(folder)).toEqual(before);
    },
    limit,
  );

  test('many at once keep nobody waiting', async () => {
    const server = await started({}, slow);
    const waiting = Array.from({ length: 100 }, () => sendRaw(server.port, start(server.port)));
    expect((await ask(server, 'api/graphs/salt/view', json({ qParams: {} }))).status).toBe(200);
    expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual(Array(100).fill(408));
  });
});
