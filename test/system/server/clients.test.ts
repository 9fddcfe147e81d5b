import { spawn } from 'node:child_process';
import { existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { GraphServer } from '../../../lib/server';
import { cliScript } from '../../support/child';
import { eventually } from '../../support/eventually';
import { rawRequest } from './support/raw';
import { ask, expectRefusal, graphsFolder, graphText, json, started } from './support/server';

const limits = { connections: 256, answers: 200, writeTimeout: 30_000 };

/** A folder that also has a graph, `large`, of so many bytes. */
function largeFolder(bytes: number): string {
  const folder = graphsFolder();
  const text = `{"metadata": {}, "nodes": [], "links": [], "filler": "${'x'.repeat(bytes)}"}`;
  writeFileSync(path.join(folder, 'large.json'), text);
  return folder;
}

/** A client that sends something and reads nothing until it is told to, but for what its system takes. */
function deafClient(port: number, text: string): Socket {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true }, () => socket.write(text));
  socket.on('error', () => undefined);
  return socket.pause();
}

/** Wait until clients have got the beginning of an answer; they read no further. */
async function begun(clients: readonly Socket[]): Promise<void> {
  await Promise.all(clients.map((socket) => new Promise((resolve) => socket.once('readable', resolve))));
}

/** All that a client gets until the server ends the connection. */
async function readAll(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  await new Promise((resolve) =>
    socket
      .resume()
      .once('close', resolve)
      .once('end', () => socket.destroy()),
  );
  return Buffer.concat(chunks).toString('utf8');
}

const status = (answer: string) => Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1] ?? 0);
const large = (port: number) => rawRequest(port, '/data/large.json');

// Field faults, section 6, M2.
describe('clients that do not read', () => {
  const residentBytes = (pid: number) =>
    1024 * Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);

  (existsSync('/proc/self/status') ? test : test.skip)('cost no memory, and keep nobody waiting', async () => {
    const size = 60 * 2 ** 20;
    const args = ['start-server', '--graph-file-dir', largeFolder(size), '--port', '0'];
    const child = spawn(process.execPath, [cliScript, ...args]);
    const url = await new Promise<string>((resolve, reject) => {
      child.stdout.on('data', (chunk) => resolve(/http:\S+/.exec(String(chunk))?.[0] ?? ''));
      child.on('close', () => reject(new Error('the server ended')));
    });
    const before = residentBytes(child.pid as number);
    const clients = Array.from({ length: 40 }, () =>
      deafClient(Number(new URL(url).port), large(Number(new URL(url).port))),
    );
    await begun(clients);
    for (const encoding of ['identity', 'gzip']) {
      const response = await fetch(`${url}data/large.json`, { headers: { 'accept-encoding': encoding } });
      expect((await response.text()).length).toBeGreaterThan(size);
    }
    expect((await fetch(`${url}api/status`)).status).toBe(200);
    expect(residentBytes(child.pid as number) - before).toBeLessThan(400 * 2 ** 20);
    for (const client of clients) client.destroy();
    child.kill('SIGKILL');
  });

  test('are cut off after a while; slow ones that read are not', async () => {
    const dataDir = largeFolder(20 * 2 ** 20);
    const server = await started({ dataDir }, { limits: { ...limits, writeTimeout: 1000 } });
    const deaf = deafClient(server.port, large(server.port));
    const slow = deafClient(server.port, large(server.port));
    let taken = 0;
    slow.on('data', (chunk: Buffer) => {
      taken += chunk.length;
      slow.pause();
      setTimeout(() => slow.resume(), 5);
    });
    await new Promise((resolve) => slow.resume().once('end', resolve));
    expect(taken).toBeGreaterThan(20 * 2 ** 20);
    await delay(1500);
    expect((await readAll(deaf)).length).toBeLessThan(20 * 2 ** 20);
    slow.destroy();
  });

  test('of too many answers at once the last are refused, and those given up make room', async () => {
    const dataDir = largeFolder(20 * 2 ** 20);
    const server = await started({ dataDir }, { limits: { ...limits, answers: 2 } });
    const clients = [0, 1].map(() => deafClient(server.port, large(server.port)));
    await begun(clients);
    const refused = await ask(server, 'api/status');
    expect(refused.headers.get('retry-after')).toBe('5');
    await expectRefusal(refused, 503, 'ERR_BUSY');
    for (const client of clients) client.destroy();
    await eventually(async () => expect((await ask(server, 'api/status')).status).toBe(200));
  });

  test('requests in a row without waiting for answers end the connection, and leave nothing behind', async () => {
    const dataDir = largeFolder(2 ** 20);
    const server = await started({ dataDir }, { limits: { ...limits, answers: 20 } });
    for (let i = 0; i < 2; i++) {
      const row = `GET /data/large.json HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\n\r\n`.repeat(500);
      await readAll(deafClient(server.port, row));
      const few = deafClient(server.port, row.slice(0, row.length / 50));
      await begun([few]);
      few.destroy();
    }
    await eventually(async () => expect((await ask(server, 'data/salt.json')).status).toBe(200));
  });

  test('of too many connections the last are closed', async () => {
    const server = await started({}, { limits: { ...limits, connections: 3 } });
    const idle = [0, 1, 2].map(() => deafClient(server.port, ''));
    await Promise.all(idle.map((socket) => new Promise((resolve) => socket.once('connect', resolve))));
    await eventually(async () => expect(await readAll(deafClient(server.port, rawRequest(server.port, '/')))).toBe(''));
    for (const socket of idle) socket.destroy();
    await eventually(async () => expect((await ask(server, 'api/status')).status).toBe(200));
  });
});

// Field faults, section 6, L14.
describe('a client that ends its side after the request', () => {
  const halfClosed = (server: GraphServer, text: string) => {
    const socket = connect({ port: server.port, host: '127.0.0.1', allowHalfOpen: true }, () => socket.end(text));
    return readAll(socket);
  };

  test.each([
    ['a file', (port: number) => rawRequest(port, '/data/salt.json'), 200],
    [
      'a connection that is to be kept',
      (port: number) => rawRequest(port, '/data/salt.json').replace(/Connection.*\r\n/, ''),
      200,
    ],
    ['an older protocol', (port: number) => rawRequest(port, '/data/salt.json').replace('HTTP/1.1', 'HTTP/1.0'), 200],
    ['nothing that is here', (port: number) => rawRequest(port, '/data/none.json'), 404],
    [
      'a save',
      (port: number) =>
        rawRequest(port, '/save_graph/salt', {
          method: 'POST',
          headers: ['Content-Type: application/json'],
          body: '{"qParams":{}}',
        }),
      200,
    ],
  ])('is answered: %s', async (_, request, expected) => {
    const server = await started();
    const answer = await halfClosed(server, request(server.port));
    expect(status(answer)).toBe(expected);
    if (request(server.port).startsWith('GET /data/salt')) expect(answer.endsWith(graphText)).toBe(true);
  });
});

// Field faults, section 6, M1.
describe('small bodies that would take much memory', () => {
  test.each([
    ['brackets', 'save_graph/salt', '['.repeat(8 * 2 ** 20)],
    ['brackets', 'api/graphs/salt/view', `{"qParams":${'{"a":'.repeat(100_000)}`],
    ['brackets', 'api/steer', '['.repeat(2 ** 20)],
    ['empty objects', 'save_graph/salt', `{"qParams":{},"more":[${'{},'.repeat(2_000_000)}{}]}`],
  ])('%s for %s are refused before they are parsed', async (_, target, body) => {
    const server = await started();
    const parse = jest.spyOn(JSON, 'parse');
    await expectRefusal(await ask(server, target, { ...json({}), body }), 400, 'ERR_BAD_REQUEST');
    expect(Math.max(...parse.mock.calls.map(([text]) => text.length))).toBeLessThan(1000);
    parse.mockRestore();
  });
});

test.each([
  ['cut', (file: string) => truncateSync(file, 1000)],
  ['changed in place', (file: string) => writeFileSync(file, 'y', { flag: 'r+' })],
])('a file that is %s while it is sent breaks the answer, which would be of mixed contents', async (_, change) => {
  const dataDir = largeFolder(20 * 2 ** 20);
  const server = await started({ dataDir });
  const client = deafClient(server.port, large(server.port));
  await begun([client]);
  change(path.join(dataDir, 'large.json'));
  const answer = await readAll(client);
  expect(status(answer)).toBe(200);
  const [head, body] = answer.split('\r\n\r\n') as [string, string];
  expect(body.length).toBeLessThan(Number(/content-length: (\d+)/i.exec(head)?.[1]));
  expect((await ask(server, 'api/status')).status).toBe(200);
});
