import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import { started } from './support/server';

// `npm run dev`: the page from its sources, in front of a server that asks for a token and refuses other sites.

const script = path.join(__dirname, '..', '..', '..', 'scripts', 'dev', 'dev.js');
const token = 'abcdefgh-IJKLMNOP_0123';
let dev: ChildProcess;
let base: string;

/** @returns the address that it prints. Its output is read to the end, or writing more of it would end it. */
function addressOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = '';
    child.stdout?.setEncoding('utf8').on('data', (text) => {
      output += text;
      const [address] = /http:\/\/127\.0\.0\.1:\d+\/$/m.exec(output) ?? [];
      if (address) resolve(address);
    });
    child.once('close', () => reject(new Error(`The development server ended:\n${output}`)));
  });
}

beforeAll(async () => {
  const { url } = await started({ token });
  const env = { ...process.env, NO_COLOR: '1' };
  dev = spawn(process.execPath, [script, '--server', url, '--port', '0'], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  base = await addressOf(dev);
});

afterAll(() => dev.kill());

const view = (origin: string) => ({
  method: 'PUT',
  headers: { origin, 'content-type': 'application/json' },
  body: JSON.stringify({ qParams: {}, revision: null }),
});

test('sources come from Vite, graphs from the server, though both have a folder data', async () => {
  expect(await (await fetch(base)).text()).toContain('/@vite/client');
  expect(await (await fetch(`${base}data/api.ts`)).text()).toContain('fetchGraphList');
  expect(await (await fetch(`${base}data/graph-metadata.json`)).json()).toHaveProperty('graphs');
  expect(await (await fetch(`${base}api/status`)).json()).toHaveProperty('version');
});

test('the page may save, and other sites may not', async () => {
  const address = `${base}api/graphs/salt/view`;
  expect((await fetch(address, view(new URL(base).origin))).status).toBe(200);
  expect((await fetch(address, view('http://other.example'))).status).toBe(403);
});
