import { type RawRequest, rawRequest } from './raw';

/** A request nobody means well with, as it goes over the wire. */
export interface Hostile {
  readonly name: string;
  readonly pieces: readonly (string | Buffer)[];
  /** Default: any from 400 to 499. */
  readonly status?: number;
}

/** Ways to say "up, and then secret.json", or to name it from the root. */
const ways = [
  '../secret.json',
  '../../secret.json',
  './../secret.json',
  'x/../../secret.json',
  '..//secret.json',
  '..\\secret.json',
  '..\\..\\secret.json',
  '%2e%2e/secret.json',
  '%2E%2E/secret.json',
  '.%2e/secret.json',
  '%2e./secret.json',
  '..%2fsecret.json',
  '..%2Fsecret.json',
  '%2e%2e%2fsecret.json',
  '..%5csecret.json',
  '%2e%2e%5csecret.json',
  '%252e%252e/secret.json',
  '..%252fsecret.json',
  '%25252e%25252e%25252fsecret.json',
  '..%c0%afsecret.json',
  '%c0%ae%c0%ae/secret.json',
  '%e0%80%ae%e0%80%ae/secret.json',
  '..%ef%bc%8fsecret.json',
  '%uff0e%uff0e/secret.json',
  '....//secret.json',
  '..;/secret.json',
  '%2e%2e;/secret.json',
  'salt.json/../../secret.json',
  'salt.json%00/../../secret.json',
  '..%00/secret.json',
  '/secret.json',
  '%2fetc%2fpasswd',
  '/etc/passwd',
  'C:%5csecret.json',
  'file:%2f%2f%2fetc%2fpasswd',
];
const folders = ['/', '/data/', '/graph_data/', '/features/', '/assets/'];

function traversals(port: number): Hostile[] {
  return folders.flatMap((folder) =>
    ways.map((way) => ({ name: `GET ${folder}${way}`, pieces: [rawRequest(port, folder + way)] })),
  );
}

/** Links in the folder that leave it, hidden files, backups, and names cut short by a null byte. */
const targets = [
  '/data/outside.json',
  '/graph_data/outside.json',
  '/data/upwards/secret.json',
  '/features/outside.bin',
  '/features/upwards/secret.json',
  '/data/.hidden.json',
  '/features/.hidden',
  '/data/salt.json.bak',
  '/data/salt.json%00.html',
  '/data/salt%00.json',
  '/data/salt.json%0d%0aSet-Cookie:%20a=b',
  '/data/salt.json%20',
  '/data/salt.json.',
  '/data/salt.json::$DATA',
  '/data/',
  '/data',
  '/features/',
  '/data//salt.json',
  '//data/salt.json',
  '//evil.example/data/salt.json',
  `/data/${'a'.repeat(300)}.json`,
  '/data/%ff%fe.json',
  '/data/%',
  '/data/%zz.json',
  '/data/salt.json#x',
  '/api/features/..%2f..%2f/secret',
  '/api/features/1e3/0',
  '/api/features/0x1/0',
  '/api/graphs/../../secret/view',
  '/__proto__',
  '/data/__proto__.json',
  '/data/constructor.json',
  'http://evil.example/data/salt.json',
  'http://127.0.0.1/data/salt.json',
  'file:///etc/passwd',
  'data/salt.json',
  '*',
  '\\\\host\\share',
];

const from = (origin: string, ...headers: string[]) => ({ headers: [`Origin: ${origin}`, ...headers] });

/** Who asks, and in whose name. */
function strangers(port: number): [string, RawRequest][] {
  const own = `http://127.0.0.1:${port}`;
  return [
    ['another host', { host: 'evil.example' }],
    ['another host and port', { host: `evil.example:${port}` }],
    ['a host that begins like ours', { host: `127.0.0.1.evil.example:${port}` }],
    ['a host that ends like ours', { host: `evil-localhost:${port}` }],
    ['a user before the host', { host: `127.0.0.1@evil.example` }],
    ['a host with a dot', { host: `localhost.:${port}` }],
    ['an address of the network', { host: `192.168.0.1:${port}` }],
    ['every address', { host: `0.0.0.0:${port}` }],
    ['a number', { host: '2130706433' }],
    ['no host', { host: '' }],
    ['a host of spaces', { host: ' ' }],
    ['two hosts', { headers: ['Host: evil.example'] }],
    ['another origin', from('http://evil.example')],
    ['an encrypted origin', from(`https://127.0.0.1:${port}`)],
    ['an origin on another port', from(`http://127.0.0.1:${port === 1 ? 2 : 1}`)],
    ['an origin of another name', from(`http://localhost:${port}`)],
    ['no origin at all', from('null')],
    ['an origin of a file', from('file://')],
    ['an origin that begins like ours', from(`${own}.evil.example`)],
    ['two origins', from(`${own}, http://evil.example`)],
    ['a script of another site', { headers: ['Sec-Fetch-Site: cross-site', 'Sec-Fetch-Mode: no-cors'] }],
    ['a script of a neighbouring site', { headers: ['Sec-Fetch-Site: same-site', 'Sec-Fetch-Mode: cors'] }],
    ['our origin from another site', from(own, 'Sec-Fetch-Site: cross-site', 'Sec-Fetch-Mode: cors')],
  ];
}

const methods = ['DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'PROPFIND', 'MOVE', 'COPY', 'MKCOL', 'LOCK', 'SEARCH', 'PURGE'];

function wrongMethods(port: number): Hostile[] {
  const row = (method: string, target: string, status: number) => ({
    name: `${method} ${target}`,
    pieces: [rawRequest(port, target, { method })],
    status,
  });
  return [
    ...methods.map((method) => row(method, '/data/salt.json', 405)),
    ...['/', '/data/salt.json', '/data/graph-metadata.json', '/features/outside.bin'].map((at) => row('PUT', at, 405)),
    ...['/api/steer', '/api/graphs/salt/view', '/save_graph/salt'].map((at) => row('GET', at, 405)),
    { name: 'CONNECT', pieces: [`CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n`], status: 405 },
    { name: 'no method of HTTP', pieces: [rawRequest(port, '/', { method: 'STEAL' })], status: 400 },
    { name: 'a method in lower case', pieces: [rawRequest(port, '/', { method: 'get' })], status: 400 },
  ];
}

const jsonType = 'Content-Type: application/json';
const view = '{"qParams":{"hostile":true}}';

/** Writes: to other names, by other sites' forms, of other things. */
function writes(port: number): Hostile[] {
  const put = (name: string, target: string, more: RawRequest = {}, status?: number): Hostile => ({
    name: `PUT ${name}`,
    pieces: [rawRequest(port, target, { method: 'PUT', headers: [jsonType], body: view, ...more })],
    ...(status && { status }),
  });
  const slugs = [
    '..%2fsecret',
    '%2e%2e%2fsecret',
    '../secret',
    '..%5csecret',
    '%2fetc%2fx',
    'salt%00',
    '.hidden',
    '-salt',
  ];
  const others = [
    'graph-metadata',
    'outside',
    'none',
    'salt.json',
    'a'.repeat(300),
    'con:',
    'salt%0a',
    'sa lt',
    '%252e%252e%252fsecret',
  ];
  const at = '/api/graphs/salt/view';
  return [
    ...[...slugs, ...others].map((slug) => put(slug.slice(0, 40), `/api/graphs/${slug}/view`)),
    ...slugs.map((slug) => ({
      ...put(slug, `/save_graph/${slug}`, { method: 'POST' }),
      name: `POST /save_graph/${slug}`,
    })),
    put('a form', at, { headers: ['Content-Type: application/x-www-form-urlencoded'] }, 415),
    put('text', at, { headers: ['Content-Type: text/plain'] }, 415),
    put('a form with files', at, { headers: ['Content-Type: multipart/form-data; boundary=x'] }, 415),
    put('no type', at, { headers: [] }, 415),
    put('nearly JSON', at, { headers: ['Content-Type: application/jsonp'] }, 415),
    put('another origin', at, { headers: [jsonType, 'Origin: http://evil.example'] }, 403),
    put('a sandboxed page', at, { headers: [jsonType, 'Origin: null'] }, 403),
    put('another site', at, { headers: [jsonType, 'Sec-Fetch-Site: cross-site', 'Sec-Fetch-Mode: navigate'] }, 403),
    put('another host', at, { host: 'evil.example' }, 403),
    ...['', '{', 'null', '[]', '"x"', '{"qParams":1}', '{"qParams":{}}}', '\ufeff', "{'qParams':{}}", 'NaN'].map(
      (body) => put(`the body ${JSON.stringify(body)}`, at, { body }, 400),
    ),
    put('a deep body', at, { body: `{"qParams":{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}}` }, 400),
    put('a huge body', at, { body: `{"qParams":{"a":"${'x'.repeat(9 * 2 ** 20)}"}}` }, 413),
    put(
      'a body said to be huge',
      at,
      { headers: [jsonType, 'Content-Length: 99999999999'], body: undefined as never },
      413,
    ),
    put('a negative length', at, { headers: [jsonType, 'Content-Length: -1'], body: undefined as never }, 400),
    put('two lengths', at, { headers: [jsonType, 'Content-Length: 1'] }, 400),
    put('a length and chunks', at, { headers: [jsonType, 'Transfer-Encoding: chunked'] }, 400),
  ];
}

function malformed(port: number): Hostile[] {
  const host = `Host: 127.0.0.1:${port}`;
  const chunked = `${host}\r\n${jsonType}\r\nTransfer-Encoding: chunked\r\nConnection: close`;
  const put = 'PUT /api/graphs/salt/view HTTP/1.1';
  return [
    { name: 'noise', pieces: [Buffer.from([0, 1, 2, 255, 13, 10, 13, 10])], status: 400 },
    { name: 'a TLS greeting', pieces: [Buffer.from([22, 3, 1, 0, 5, 1, 0, 0, 1, 0])], status: 400 },
    { name: 'HTTP of another version', pieces: [`GET / HTTP/9.9\r\n${host}\r\n\r\n`], status: 400 },
    { name: 'no host header', pieces: ['GET / HTTP/1.1\r\nConnection: close\r\n\r\n'], status: 400 },
    { name: 'a null byte in the target', pieces: [`GET /data/salt\0.json HTTP/1.1\r\n${host}\r\n\r\n`], status: 400 },
    { name: 'a null byte in a header', pieces: [`GET / HTTP/1.1\r\n${host}\r\nX: a\0b\r\n\r\n`], status: 400 },
    { name: 'bytes past ASCII in the target', pieces: [rawRequest(port, '/data/\xff\xfe.json')], status: 400 },
    { name: 'a folded header', pieces: [`GET / HTTP/1.1\r\n${host}\r\nX: a\r\n b\r\n: c\r\n\r\n`], status: 400 },
    { name: 'a space before the colon', pieces: [`GET / HTTP/1.1\r\n${host}\r\nX : a\r\n\r\n`], status: 400 },
    { name: 'huge headers', pieces: [rawRequest(port, '/', { headers: [`X: ${'x'.repeat(40_000)}`] })], status: 431 },
    { name: 'a huge target', pieces: [rawRequest(port, `/data/${'x'.repeat(40_000)}`)], status: 431 },
    { name: 'a chunk of no size', pieces: [`${put}\r\n${chunked}\r\n\r\nzz\r\n{}\r\n0\r\n\r\n`], status: 400 },
    {
      name: 'huge chunks',
      pieces: [`${put}\r\n${chunked}\r\n\r\n`, ...Array(9).fill(`100000\r\n${'x'.repeat(2 ** 20)}\r\n`), '0\r\n\r\n'],
      status: 413,
    },
  ];
}

const ranges = [
  'bytes=',
  'bytes=-',
  'bytes=a-b',
  'bytes=5-2',
  'bytes=999999999-',
  'bytes=-0',
  'bytes=1-2-3',
  'bytes=0x1-2',
  'bytes=--5',
];

/** All of them. The server's folder of graphs is also its folder of features. */
export function hostileRequests(port: number): Hostile[] {
  const get = (target: string, more?: RawRequest) => [rawRequest(port, target, more)];
  return [
    ...traversals(port),
    ...targets.map((target) => ({ name: `GET ${target.slice(0, 60)}`, pieces: get(target) })),
    ...strangers(port).map(([name, more]) => ({ name, pieces: get('/data/salt.json', more) })),
    ...ranges.map((range) => ({
      name: `Range: ${range}`,
      pieces: get('/data/salt.json', { headers: [`Range: ${range}`] }),
      status: 416,
    })),
    ...wrongMethods(port),
    ...writes(port),
    ...malformed(port),
  ];
}
