import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { resolveServeOptions, type ServeOptions } from '../../../../lib/server/options';
import { type GraphServer, type ServerSettings, startServer } from '../../../../lib/server/serve';
import { parityDir } from '../../../support/fixtures';
import { temporaryFolder } from '../../../support/temporary-folder';

const running: GraphServer[] = [];

afterAll(() => Promise.all(running.splice(0).map((server) => server.close())));

/** A graph of the parity model `llama`, as the reference wrote it. */
export const graphFile = path.join(parityDir, 'cases', 'llama-plt-relu-skip', 'graph.json');
export const graphText = readFileSync(graphFile, 'utf8');

/** A folder with one graph, `salt`. */
export function graphsFolder(): string {
  const folder = path.join(temporaryFolder(), 'graphs');
  mkdirSync(folder);
  cpSync(graphFile, path.join(folder, 'salt.json'));
  return folder;
}

/** A page of a few files, in place of the one that may not be built. */
export function pageFolder(): string {
  const folder = path.join(temporaryFolder(), 'page');
  mkdirSync(path.join(folder, 'assets'), { recursive: true });
  writeFileSync(path.join(folder, 'index.html'), '<!doctype html><title>Attribution graph</title>');
  writeFileSync(path.join(folder, 'icon.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>');
  writeFileSync(path.join(folder, 'assets', 'main-1a2b.js'), `export const text = '${'x'.repeat(4000)}';`);
  return folder;
}

/** A server on a free port of this machine, closed after the test file. */
export async function started(
  options: Partial<ServeOptions> = {},
  settings: Partial<ServerSettings> = {},
): Promise<GraphServer> {
  const resolved = await resolveServeOptions({ dataDir: graphsFolder(), port: 0, ...options });
  const server = await startServer(resolved, { pageDir: pageFolder(), ...settings });
  running.push(server);
  return server;
}

/** A request of the page. */
export function ask({ url }: GraphServer, address: string, init: RequestInit = {}): Promise<Response> {
  return fetch(new URL(address, url), init);
}

export function json(body: unknown, method = 'POST'): RequestInit {
  return { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

/** The JSON of an answer. */
export async function bodyOf(response: Response) {
  return JSON.parse(await response.text());
}

/** The answer must be a refusal with this status and code. */
export async function expectRefusal(
  response: Response,
  status: number,
  code: string,
): Promise<Record<string, unknown>> {
  const body = await bodyOf(response);
  expect({ status: response.status, body }).toEqual({
    status,
    body: expect.objectContaining({ error: { code, message: expect.stringMatching(/\w/) } }),
  });
  return body;
}
