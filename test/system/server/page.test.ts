import path from 'node:path';
import { packageVersion } from '../../../lib/package-version';
import { serve } from '../../../lib/server';
import { expectRejection } from '../../support/expect-rejection';
import { temporaryFolder } from '../../support/temporary-folder';
import { ask, bodyOf, expectRefusal, graphsFolder, started } from './support/server';

test.each(['', 'index.html', '?slug=salt'])('the page at /%s runs nothing but its own files', async (address) => {
  const response = await ask(await started(), address);
  expect(response.status).toBe(200);
  expect(await response.text()).toContain('<title>Attribution graph</title>');
  const header = (name: string) => response.headers.get(name);
  expect(header('content-type')).toBe('text/html; charset=utf-8');
  expect(header('content-security-policy')).toMatch(/^default-src 'self';.*frame-ancestors 'none'/);
  expect(header('content-security-policy')).not.toMatch(/unsafe|\*/);
  expect(header('x-content-type-options')).toBe('nosniff');
  expect(header('referrer-policy')).toBe('no-referrer');
  expect(header('cross-origin-resource-policy')).toBe('same-origin');
  expect(header('access-control-allow-origin')).toBeNull();
  expect(header('cache-control')).toBe('no-cache');
});

test('its files have their types; those named by their contents are kept', async () => {
  const server = await started();
  const script = await ask(server, 'assets/main-1a2b.js');
  expect(script.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
  expect(script.headers.get('cache-control')).toMatch(/immutable/);
  expect(script.headers.get('content-encoding')).toBe('gzip');
  expect((await ask(server, 'icon.svg')).headers.get('content-type')).toBe('image/svg+xml');
  await expectRefusal(await ask(server, 'assets/none.js'), 404, 'ERR_NOT_FOUND');
  await expectRefusal(await ask(server, 'a/b/c'), 404, 'ERR_NOT_FOUND');
});

test('a page that is not built is said to be, and the rest works', async () => {
  const server = await started({}, { pageDir: path.join(temporaryFolder(), 'none') });
  const response = await ask(server, '');
  expect([response.status, await response.text()]).toEqual([503, expect.stringMatching(/npm run build/)]);
  expect((await ask(server, 'data/salt.json')).status).toBe(200);
});

test('the status lists the capabilities of the server', async () => {
  const response = await ask(await started(), 'api/status');
  expect(await bodyOf(response)).toEqual({ version: packageVersion, canSave: true, features: true, model: null });
});

describe('serve', () => {
  test('listens on this machine alone, and closes more than once', async () => {
    const server = await serve({ dataDir: graphsFolder(), port: 0 });
    expect(server.url).toBe(`http://127.0.0.1:${server.port}/`);
    expect(server.urlOf('salt')).toBe(`http://127.0.0.1:${server.port}/?slug=salt`);
    expect((await fetch(`${server.url}api/status`)).status).toBe(200);
    await Promise.all([server.close(), server.close()]);
    await expect(fetch(server.url)).rejects.toThrow();
  });

  test('says which port is taken', async () => {
    const { port } = await started();
    await expectRejection(serve({ dataDir: graphsFolder(), port }), 'ERR_ADDRESS', new RegExp(`${port}.*another port`));
  });

  test.each([
    [{ dataDir: 'nowhere' }, 'ERR_FILE_NOT_FOUND', /dataDir.*nowhere/],
    [{ featuresDir: 'nowhere' }, 'ERR_FILE_NOT_FOUND', /featuresDir.*nowhere/],
    [{ port: 70_000 }, 'ERR_INVALID_ARGUMENT', /port/],
    [{ token: 'short' }, 'ERR_INVALID_ARGUMENT', /token/],
    [{ hubFeatures: 'ftp://x' }, 'ERR_INVALID_ARGUMENT', /hubFeatures/],
    [{ ports: 1 }, 'ERR_INVALID_ARGUMENT', /Did you mean 'port'/],
    [{ host: '203.0.113.9' }, 'ERR_ADDRESS', /203\.0\.113\.9/],
  ] as const)('refuses %j', async (change, code, names) => {
    await expectRejection(serve({ dataDir: temporaryFolder(), port: 0, ...change }), code, names);
  });
});
