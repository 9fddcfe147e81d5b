import { hostname } from 'node:os';
import { hostNames, isLoopback, nameInHost, shownHost } from '../../../lib/server/hosts';
import { resolveServeOptions } from '../../../lib/server/options';
import { expectRefusal, graphsFolder, json, started } from './support/server';

const token = 'abcdefgh-IJKLMNOP_0123';

test('an address other machines reach has a token of its own, in its URL', async () => {
  const dataDir = graphsFolder();
  const { token: made } = await resolveServeOptions({ dataDir, host: '0.0.0.0' });
  expect(made).toMatch(/^[\w-]{24}$/);
  expect((await resolveServeOptions({ dataDir, host: '0.0.0.0' })).token).not.toBe(made);
  expect(shownHost('0.0.0.0')).not.toBe('0.0.0.0');
  const server = await started({ dataDir, token: made });
  expect(server.url).toBe(`http://127.0.0.1:${server.port}/?token=${made}`);
  expect(server.urlOf('salt')).toBe(`http://127.0.0.1:${server.port}/?slug=salt&token=${made}`);
  expect((await fetch(server.url)).status).toBe(200);
});

test('the page brings it once, then a cookie that scripts and other sites do not get', async () => {
  const { port } = await started({ token });
  const base = `http://127.0.0.1:${port}/`;
  const first = await fetch(`${base}?token=${token}`);
  expect(first.status).toBe(200);
  const cookie = first.headers.get('set-cookie') as string;
  expect(cookie).toMatch(/; Path=\/; HttpOnly; SameSite=Strict$/);
  const [pair] = cookie.split(';') as [string];
  const headers = { cookie: `other=1; ${pair}` };
  expect((await fetch(`${base}data/salt.json`, { headers })).status).toBe(200);
  expect((await fetch(`${base}data/salt.json`, { headers: { authorization: `Bearer ${token}` } })).status).toBe(200);
});

test.each([
  ['none', '', {}],
  ['an empty one', '?token=', {}],
  ['a part of it', `?token=${token.slice(0, -1)}`, {}],
  ['more than it', `?token=${token}a`, {}],
  ['two', `?token=x&token=${token}`, {}],
  ['another name', `?Token=${token}`, {}],
  ['a cookie of another port', '', { cookie: `circuit-tracer-1=${token}` }],
  ['another scheme', '', { authorization: `Basic ${token}` }],
])('%s does not do', async (_, query, headers) => {
  const { port } = await started({ token });
  for (const address of ['', 'api/status', 'data/salt.json', 'data/graph-metadata.json', 'features/x']) {
    const response = await fetch(`http://127.0.0.1:${port}/${address}${query}`, { headers });
    await expectRefusal(response, 401, 'ERR_UNAUTHORIZED');
    expect(response.headers.get('set-cookie')).toBeNull();
  }
  const saved = await fetch(`http://127.0.0.1:${port}/api/graphs/salt/view${query}`, json({ qParams: {} }));
  await expectRefusal(saved, 401, 'ERR_UNAUTHORIZED');
});

test('none is needed on this machine alone', async () => {
  for (const host of ['127.0.0.1', 'localhost']) {
    const { url } = await started({ dataDir: graphsFolder(), host });
    expect(url).not.toContain('token');
    expect((await fetch(`${url}api/status`)).status).toBe(200);
  }
});

test('loopback addresses and the names of a host are recognised', () => {
  expect(['127.0.0.1', '127.1.2.3', 'localhost', '::1'].every(isLoopback)).toBe(true);
  expect(['0.0.0.0', '::', '10.0.0.1', 'example.org', '127.evil.example'].some(isLoopback)).toBe(false);
  expect(hostNames('0.0.0.0').has(hostname().toLowerCase())).toBe(true);
  expect(hostNames('fe80::1').has('[fe80::1]')).toBe(true);
  expect(['LOCALHOST:80', '[::1]:8041', 'a.b'].map(nameInHost)).toEqual(['localhost', '[::1]', 'a.b']);
  expect(['', 'a:b', 'a:80:80', 'a b', ':80', '[::1'].map(nameInHost).every((name) => name === undefined)).toBe(true);
});
