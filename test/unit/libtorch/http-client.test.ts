import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createSecure } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import path from 'node:path';
import type { Duplex } from 'node:stream';
import { type HttpSettings, httpClient, withoutCredentials } from '../../../lib/libtorch/http-client';
import { proxyFor } from '../../../lib/libtorch/proxy';
import { testIf } from '../../support/needs';
import { temporaryFolder } from '../../support/temporary-folder';

const servers: Server[] = [];
const sockets = new Set<Duplex>();

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function listen(server: Server): Promise<string> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function get(url: string, settings: Partial<HttpSettings> = {}): Promise<{ status: number; text: string }> {
  const { status, body } = await httpClient({ env: {}, ...settings })(url);
  let text = '';
  for await (const piece of body) text += piece;
  return { status, text };
}

/** Answers with what it was asked. */
const echo: RequestListener = ({ url, headers }, response) =>
  response.end(JSON.stringify({ url, host: headers.host, login: headers.authorization ?? null }));

describe('redirects', () => {
  test('are followed, and only the server that the credentials are for sees them', async () => {
    const other = await listen(createServer(echo));
    const host = await listen(
      createServer((request, response) => {
        if (request.url === '/same') response.writeHead(302, { location: '/end' }).end();
        else if (request.url === '/other') response.writeHead(307, { location: `http://${other}/end` }).end();
        else echo(request, response);
      }),
    );
    const seen = async (page: string) => JSON.parse((await get(`http://ann:s%40me@${host}/${page}`)).text);
    const login = `Basic ${Buffer.from('ann:s@me').toString('base64')}`;
    expect(await seen('same')).toEqual({ url: '/end', host, login });
    expect(await seen('other')).toEqual({ url: '/end', host: other, login: null });
  });

  test('without end', async () => {
    const host = await listen(createServer((_, response) => response.writeHead(302, { location: '/' }).end()));
    await expect(get(`http://${host}/`)).rejects.toThrow(/redirects without end/);
  });

  test('to an address that is no web address', async () => {
    const location = 'file:///etc/passwd';
    const host = await listen(createServer((_, response) => response.writeHead(302, { location }).end()));
    await expect(get(`http://${host}/`)).rejects.toThrow(/file:.*not encrypted/);
  });
});

describe('proxies', () => {
  test.each([
    ['https://a.org/', { HTTPS_PROXY: 'http://p:1' }, 'p:1'],
    ['https://a.org/', { https_proxy: 'p:1' }, 'p:1'],
    ['http://a.org/', { HTTPS_PROXY: 'http://p:1' }, undefined],
    ['http://a.org/', { ALL_PROXY: 'http://p:1' }, 'p:1'],
    ['https://a.org/', { HTTPS_PROXY: 'socks5://p:1' }, undefined],
    ['https://a.org/', { HTTPS_PROXY: 'http://p:1', NO_PROXY: 'b.org, a.org' }, undefined],
    ['https://x.a.org/', { HTTPS_PROXY: 'http://p:1', no_proxy: '.a.org' }, undefined],
    ['https://xa.org/', { HTTPS_PROXY: 'http://p:1', no_proxy: 'a.org' }, 'p:1'],
    ['https://a.org/', { HTTPS_PROXY: 'http://p:1', no_proxy: 'a.org:8443' }, 'p:1'],
    ['https://a.org/', { HTTPS_PROXY: 'http://p:1', no_proxy: '*' }, undefined],
  ])('%s with %j goes through %s', (url, env, expected) => {
    expect(proxyFor(new URL(url), env)?.host).toBe(expected);
  });

  test("pip's own comes first", () => {
    expect(proxyFor(new URL('https://a.org'), { HTTPS_PROXY: 'http://p:1' }, 'http://q:2')?.host).toBe('q:2');
  });

  test('an address that is not encrypted is asked for in full, with the login of the proxy', async () => {
    let asked: unknown[] = [];
    const proxy = await listen(
      createServer(({ url, headers }, response) => {
        asked = [url, headers.host, headers['proxy-authorization']];
        response.end('through');
      }),
    );
    const { text } = await get('http://a.invalid/b?c', { env: { http_proxy: `http://ann:x@${proxy}` } });
    expect(text).toBe('through');
    const login = `Basic ${Buffer.from('ann:x').toString('base64')}`;
    expect(asked).toEqual(['http://a.invalid/b?c', 'a.invalid', login]);
  });

  test('one that refuses is named', async () => {
    const server = createServer();
    server.on('connect', (_, socket) => socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n'));
    const proxy = await listen(server);
    await expect(get('https://a.invalid/', { env: { HTTPS_PROXY: proxy } })).rejects.toThrow(
      `the proxy ${proxy} refuses a connection to a.invalid:443: HTTP status 407`,
    );
  });

  test('one that cannot be reached is named', async () => {
    await expect(get('https://a.invalid/', { env: { HTTPS_PROXY: '127.0.0.1:1' } })).rejects.toThrow(
      /the proxy 127\.0\.0\.1:1: .*ECONNREFUSED/,
    );
  });
});

describe('encryption', () => {
  const folder = temporaryFolder();
  const certificate = path.join(folder, 'certificate.pem');

  async function secureServer(): Promise<string> {
    const key = path.join(folder, 'key.pem');
    const what = ['-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost'];
    const names = ['-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
    execFileSync('openssl', ['req', ...what, ...names, '-keyout', key, '-out', certificate], { stdio: 'ignore' });
    return listen(createSecure({ key: readFileSync(key), cert: readFileSync(certificate) }, echo));
  }

  testIf('openssl')('unknown certificates are refused, unless pip is told to trust them or the host', async () => {
    const host = await secureServer();
    const url = `https://${host}/file`;
    await expect(get(url)).rejects.toThrow(/self-signed certificate/);
    const expected = { status: 200, text: JSON.stringify({ url: '/file', host, login: null }) };
    expect(await get(url, { cert: certificate })).toEqual(expected);
    expect(await get(url, { trustedHosts: ['127.0.0.1'] })).toEqual(expected);
    await expect(get(url, { trustedHosts: ['127.0.0.2', '127.0.0.1:1'] })).rejects.toThrow(/self-signed/);
  });

  testIf('openssl')('a proxy connects to the server, whose certificate is checked', async () => {
    const host = await secureServer();
    const targets: (string | undefined)[] = [];
    const server = createServer();
    server.on('connect', ({ url }, socket) => {
      targets.push(url);
      sockets.add(socket);
      const upstream = connect(Number(host.split(':')[1]), '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
        upstream.pipe(socket).pipe(upstream);
      });
      sockets.add(upstream);
      for (const end of [socket, upstream]) end.on('error', () => upstream.destroy());
    });
    const env = { HTTPS_PROXY: `http://${await listen(server)}` };
    for (const name of [host, host.replace('127.0.0.1', 'localhost')]) {
      expect((await get(`https://${name}/file`, { env, cert: certificate })).status).toBe(200);
    }
    await expect(get(`https://${host}/file`, { env })).rejects.toThrow(/self-signed/);
    await expect(get('https://other.invalid/file', { env, cert: certificate })).rejects.toThrow(/altnames/);
    expect(targets).toHaveLength(4);
  });

  test('a file of certificates that is missing is named', () => {
    expect(() => httpClient({ env: {}, cert: path.join(folder, 'none.pem') })).toThrow(/none\.pem.*PIP_CERT/);
  });

  test('more certificates of Node count too', () => {
    const file = path.join(folder, 'more.pem');
    writeFileSync(file, '');
    expect(() => httpClient({ env: { NODE_EXTRA_CA_CERTS: file }, cert: file })).not.toThrow();
  });
});

test('passwords are left out of what is shown', () => {
  expect(withoutCredentials('https://ann:secret@a.org/simple')).toBe('https://a.org/simple');
  expect(withoutCredentials('/folder')).toBe('/folder');
});
