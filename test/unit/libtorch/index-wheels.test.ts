import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { cacheDirectory, cachedFolder } from '../../../lib/libtorch/cache';
import { type SetupOptions, setupLibtorch } from '../../../lib/libtorch/fetch';
import * as sources from '../../../lib/libtorch/sources';
import { expectRejection } from '../../support/expect-rejection';
import { temporaryFolder } from '../../support/temporary-folder';
import { hash, nvidiaWheel, thisPlatform, torchWheel } from './support/fake-wheel';
import { IndexServer } from './support/index-server';

// Neither PyTorch's own servers nor the driver of this machine are for these tests.
jest.mock('../../../lib/libtorch/sources', () => ({
  ...jest.requireActual('../../../lib/libtorch/sources'),
  archiveUrl: () => undefined,
  pipRequests: jest.fn(),
}));

const root = path.join(__dirname, '..', '..', '..');
const wheel = torchWheel();
const cpuWheel = torchWheel({ version: '2.13.0+cpu' });
let server: IndexServer;
let env: Record<string, string>;

beforeEach(async () => {
  server = await IndexServer.start(wheel);
  env = {
    PATH: '/nonexistent',
    HOME: temporaryFolder(),
    XDG_CACHE_HOME: temporaryFolder(),
    PIP_CONFIG_FILE: '/dev/null',
    PIP_INDEX_URL: server.url,
  };
  jest
    .mocked(sources.pipRequests)
    .mockImplementation((kind) => [{ requirement: `torch==2.13.0+${kind}` }, { requirement: 'torch==2.13.0' }]);
});
afterEach(() => server.stop());

const setup = (options: SetupOptions = {}) => setupLibtorch({ variant: 'cpu', env, ...options });
const cacheContents = () => (existsSync(cacheDirectory(env)) ? readdirSync(cacheDirectory(env)).sort() : []);

test.each([
  ['JSON', true],
  ['HTML', false],
])('an index in %s: only what is needed is fetched', async (_name, json) => {
  server.json = json;
  const phases = new Set<string>();
  const { directory, version, cuda } = await setup({ onProgress: ({ phase }) => phases.add(phase) });
  expect([version, cuda]).toEqual(['2.13.0', false]);
  expect(readdirSync(directory).sort()).toEqual(['include', 'lib', 'version.py']);
  expect(readdirSync(path.join(directory, 'lib'))).toHaveLength(4);
  expect(cacheContents()).toEqual(['libtorch-2.13.0-cpu']);
  expect([...phases]).toEqual(['download torch', 'unpack']);
  expect(server.sent).toBeLessThan(wheel.bytes.length / 3);
  expect(server.downloads.every(({ range }) => range)).toBe(true);
});

test.each([true, false])('an index that packs its pages (JSON: %s)', async (json) => {
  Object.assign(server, { json, isPacked: true });
  expect((await setup()).version).toBe('2.13.0');
});

test('a server without ranges: the whole wheel is fetched and checked', async () => {
  server.hasRanges = false;
  await setup();
  expect(server.downloads.map(({ range }) => range)).toEqual(['bytes=0-3', undefined]);
});

test('a wheel that is needed nearly whole is fetched whole, so that the checksum of the index counts', async () => {
  server.wheels = [torchWheel({ unneeded: 10_000 })];
  server.wrongHash = '0'.repeat(64);
  await expectRejection(setup(), 'ERR_LIBTORCH', /expected sha256 0+, found [0-9a-f]{64}/);
  server.wrongHash = undefined;
  await setup();
  expect(server.downloads.at(-1)?.range).toBeUndefined();
});

test('a whole wheel goes on where the connection broke, because its checksum is known', async () => {
  server.wheels = [torchWheel({ unneeded: 10_000, needed: 3_000_000 })];
  server.breaks = { times: 1, after: 1_000_000 };
  await setup();
  expect(server.downloads.at(-1)?.range).toMatch(/^bytes=[1-9]\d*-$/);
});

test('goes on where connections broke', async () => {
  server.breaks = { times: 2, after: 300_000 };
  await setup();
  const starts = server.downloads.slice(2).map(({ range }) => Number(/\d+/.exec(range ?? '')?.[0]));
  expect(starts.length).toBeGreaterThanOrEqual(3);
  expect(starts).toEqual([...starts].sort((a, b) => a - b));
  expect(server.sent).toBeLessThan(wheel.bytes.length / 3);
});

test('goes on where a cancelled run stopped', async () => {
  server.wheels = [torchWheel({ needed: 3_000_000 })];
  const controller = new AbortController();
  const onProgress = ({ done }: { done: number }) => done > 0 && controller.abort();
  await expectRejection(setup({ signal: controller.signal, onProgress }), 'ABORT_ERR', /cancelled/);
  expect(existsSync(cachedFolder('cpu', env))).toBe(false);
  const part = cachedParts().find((name) => name.endsWith('.ranges')) as string;
  const reached = statSync(part).size;
  const before = server.downloads.length;
  await setup();
  const starts = server.downloads.slice(before).map(({ range }) => Number(/\d+/.exec(range ?? '')?.[0]));
  expect(reached).toBeGreaterThan(2_000_000);
  expect(starts).toContain(reached);
});

function cachedParts(): string[] {
  const folder = path.join(cacheDirectory(env), 'partial-cpu', 'index');
  return readdirSync(folder, { recursive: true }).map((name) => path.join(folder, String(name)));
}

test('a complete wheel of an interrupted run is not fetched again', async () => {
  const controller = new AbortController();
  const onProgress = ({ phase }: { phase: string }) => phase === 'unpack' && controller.abort();
  await expectRejection(setup({ signal: controller.signal, onProgress }), 'ABORT_ERR', /cancelled/);
  const before = server.downloads.length;
  await setup();
  expect(server.downloads).toHaveLength(before);
});

test('starts anew when the wheel on the server is another by now', async () => {
  server.wheels = [torchWheel({ needed: 3_000_000 })];
  const controller = new AbortController();
  const onProgress = ({ done }: { done: number }) => done > 0 && controller.abort();
  await expectRejection(setup({ signal: controller.signal, onProgress }), 'ABORT_ERR', /cancelled/);
  server.wheels = [torchWheel({ needed: 2_900_000 })];
  const { version } = await setup();
  expect(version).toBe('2.13.0');
});

test.each([
  ['a file other than RECORD says', () => torchWheel({ isForged: true }), /sha256 of torch\/include.* RECORD/],
  ['a byte changed', () => ({ ...wheel, bytes: withByte(wheel.bytes, 2_300_000) }), /CRC|damaged/],
  ['the end missing', () => ({ ...wheel, bytes: wheel.bytes.subarray(0, 2_000_000) }), /damaged/],
  ['another version inside', () => ({ ...torchWheel({ version: '2.12.0' }), name: wheel.name }), /is version 2\.12\.0/],
])('a wheel with %s is refused, and the next run starts anew', async (_name, make, message) => {
  server.wheels = [make()];
  await expectRejection(setup(), 'ERR_FILE_FORMAT', message);
  expect(existsSync(cachedFolder('cpu', env))).toBe(false);
  server.wheels = [wheel];
  await setup();
  expect(cacheContents()).toEqual(['libtorch-2.13.0-cpu']);
});

function withByte(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}

test('a server that fails for a moment is asked again', async () => {
  server.failures = 2;
  expect((await setup()).version).toBe('2.13.0');
});

test('METADATA other than the index lists is refused', async () => {
  server.wrongMetadataHash = '1'.repeat(64);
  await expectRejection(setup(), 'ERR_FILE_FORMAT', /METADATA.*expected sha256 1+, found.*PIP_INDEX_URL/);
  server.wrongMetadataHash = undefined;
  expect((await setup()).version).toBe('2.13.0');
});

test('a whole wheel with another checksum is refused and removed', async () => {
  server.hasRanges = false;
  server.wrongHash = '0'.repeat(64);
  await expectRejection(setup(), 'ERR_LIBTORCH', /expected sha256 0+, found [0-9a-f]{64}/);
  server.wrongHash = undefined;
  await setup();
});

test('a wheel without a checksum is fetched whole where the server has no ranges', async () => {
  Object.assign(server, { hasRanges: false, hasHashes: false });
  expect((await setup()).version).toBe('2.13.0');
});

describe('one message with the way out', () => {
  const portal = '<html><body>Please <a href="/login">log in</a><form></form></body></html>';

  test('a login page instead of the index', async () => {
    server.portal = portal;
    await expectRejection(setup(), 'ERR_LIBTORCH', /no list of packages.*login page(.|\n)*PIP_INDEX_URL/);
  });

  test('a login page instead of the wheel', async () => {
    server.filePortal = portal;
    await expectRejection(setup(), 'ERR_LIBTORCH', /web page arrived instead of the file.*login page/);
  });

  test('an index without the wheel', async () => {
    server.wheels = [torchWheel({ version: '2.12.0' })];
    await expectRejection(setup(), 'ERR_LIBTORCH', /simple: no wheel of torch==2\.13\.0$/m);
    server.wheels = [];
    await expectRejection(setup(), 'ERR_LIBTORCH', /simple: no wheel of torch==2\.13\.0$/m);
  });

  test('a wheel for other machines only', async () => {
    server.wheels = [torchWheel({ platform: 'manylinux_2_28_s390x' })];
    await expectRejection(setup(), 'ERR_LIBTORCH', /only for manylinux_2_28_s390x, not for /);
  });

  test('no network', async () => {
    await server.stop();
    await expectRejection(setup(), 'ERR_LIBTORCH', /ECONNREFUSED(.|\n)*cannot be run(.|\n)*Check the network/);
    server = await IndexServer.start();
  });

  test('an index that is not encrypted', async () => {
    const remote = { ...env, PIP_INDEX_URL: 'http://index.invalid/simple' };
    await expectRejection(setup({ env: remote }), 'ERR_LIBTORCH', /not encrypted.*PIP_TRUSTED_HOST/);
  });

  test('an index that asks for a password', async () => {
    server.login = 'ann:secret';
    const without = { ...env, PIP_INDEX_URL: `http://${server.host}/simple` };
    await expectRejection(setup({ env: without }), 'ERR_LIBTORCH', /HTTP status 401\. Put the index's user/);
    const wrong = { ...env, PIP_INDEX_URL: `http://ann:hunter2@${server.host}/simple` };
    await expect(setup({ env: wrong })).rejects.not.toThrow(/hunter2/);
    expect((await setup({ env: { ...env, PIP_INDEX_URL: server.url } })).version).toBe('2.13.0');
  });

  test('a cache that cannot be written', async () => {
    const file = path.join(temporaryFolder(), 'file');
    writeFileSync(file, '');
    await expectRejection(setup({ env: { ...env, XDG_CACHE_HOME: file } }), 'ERR_FILE_WRITE', /XDG_CACHE_HOME/);
  });
});

test('the build asked for comes before the plain one, and one of CUDA is not taken for the CPU', async () => {
  server.wheels = [torchWheel({ version: '2.13.0+cu130' }), wheel, cpuWheel];
  await setup();
  expect(server.downloads.every(({ path: file }) => file.includes('+cpu'))).toBe(true);
  server.wheels = [torchWheel({ version: '2.13.0+cu130' })];
  await expectRejection(setup({ force: true }), 'ERR_LIBTORCH', /no wheel of torch==2\.13\.0/);
});

test('of wheels for several Pythons always the same one is taken, without threads at will', async () => {
  const pythons = ['cp314-cp314t', 'cp313-cp313', 'cp310-cp310'];
  server.wheels = pythons.map((python) => torchWheel({ python }));
  await setup();
  expect(server.downloads.every(({ path: file }) => file.includes('cp310-cp310'))).toBe(true);
});

test('a CUDA wheel brings the libraries of NVIDIA that its METADATA names for this machine', async () => {
  const marker = `sys_platform == '${process.platform}'`;
  server.wheels = [
    torchWheel({
      version: '2.13.0+cu126',
      cuda: true,
      requires: [
        `cuda-toolkit[cudart,cublas]==13.0.3; ${marker}`,
        'nvidia-elsewhere==1.0; sys_platform == "plan9"',
        'sympy>=1.13',
      ],
    }),
    nvidiaWheel('cuda-toolkit', '13.0.3.0', undefined, [
      `nvidia-cublas==13.1.1.3.*; ${marker} and extra == 'cublas'`,
      `nvidia-cuda-runtime<14,>=13.0; (${marker} or os_name == 'x') and extra == 'cudart'`,
      `nvidia-npp==1.0; extra == 'npp'`,
    ]),
    nvidiaWheel('nvidia-cublas', '13.1.1.3', 'libcublas.so.13', ['nvidia-cuda-runtime']),
    nvidiaWheel('nvidia-cublas', '13.1.2', 'libcublas.so.13'),
    nvidiaWheel('nvidia-cuda-runtime', '13.0.96', 'libcudart.so.13'),
    nvidiaWheel('nvidia-cuda-runtime', '13.2.1', 'libcudart.so.13'),
    nvidiaWheel('nvidia-cuda-runtime', '14.0', 'libcudart.so.14'),
  ];
  const { directory, cuda } = await setup({ variant: 'cuda' });
  expect(cuda).toBe(true);
  const nvidia = path.join(directory, '..', 'nvidia', 'cu13', 'lib');
  expect(readdirSync(nvidia).sort()).toEqual(['libcublas.so.13', 'libcudart.so.13']);
  const names = new Set(server.downloads.map(({ path: file }) => file.replace(/.*\/([^-]*-[^-]*)-.*/, '$1')));
  expect([...names]).toEqual([
    'torch-2.13.0+cu126',
    'cuda_toolkit-13.0.3.0',
    'nvidia_cublas-13.1.1.3',
    'nvidia_cuda_runtime-13.2.1',
  ]);
});

test('a wheel without CUDA is no answer to a request for CUDA, and is not downloaded', async () => {
  await expectRejection(setup({ variant: 'cuda' }), 'ERR_LIBTORCH', /does not support CUDA/);
  expect(server.sent).toBeLessThan(wheel.bytes.length / 3);
});

describe('places on this machine', () => {
  test('a folder of find-links, without network', async () => {
    const folder = temporaryFolder();
    writeFileSync(path.join(folder, cpuWheel.name), cpuWheel.bytes);
    const local = { ...env, PIP_FIND_LINKS: folder, PIP_NO_INDEX: '1' };
    expect((await setup({ env: local })).version).toBe('2.13.0');
    expect(server.requests).toEqual([]);
    expect(readdirSync(folder)).toEqual([cpuWheel.name]);
  });

  test.each([undefined, '0'.repeat(64)])('an index of files; its checksum counts (%s)', async (wrong) => {
    const folder = temporaryFolder();
    mkdirSync(path.join(folder, 'simple', 'torch'), { recursive: true });
    writeFileSync(path.join(folder, wheel.name), wheel.bytes);
    const link = `<a href='../../${wheel.name}#sha256=${wrong ?? hash(wheel.bytes)}'>${wheel.name}</a>`;
    writeFileSync(path.join(folder, 'simple', 'torch', 'index.html'), `<html>${link}</html>`);
    const local = { ...env, PIP_INDEX_URL: pathToFileURL(path.join(folder, 'simple')).href };
    if (wrong) await expectRejection(setup({ env: local }), 'ERR_LIBTORCH', /index lists sha256 0+, found/);
    else expect((await setup({ env: local })).version).toBe('2.13.0');
    expect(readFileSync(path.join(folder, wheel.name)).equals(wheel.bytes)).toBe(true);
  });

  test('a folder that is missing is passed over', async () => {
    const { version } = await setup({ env: { ...env, PIP_FIND_LINKS: '/nonexistent' } });
    expect(version).toBe('2.13.0');
  });
});

test('an extra index is asked where the first one has no wheel', async () => {
  const second = await IndexServer.start(wheel);
  server.wheels = [];
  try {
    await setup({ env: { ...env, PIP_EXTRA_INDEX_URL: `http://[::1]:1/simple ${second.url}` } });
    expect(second.sent).toBeGreaterThan(0);
  } finally {
    await second.stop();
  }
});

test('two processes at once: one fetches, both have it', async () => {
  server.wheels = [cpuWheel];
  const script = `const sources = require(${JSON.stringify(path.join(root, 'dist', 'libtorch', 'sources.js'))});
    sources.archiveUrl = () => undefined;
    sources.pipRequests = (kind) => [{ requirement: 'torch==2.13.0+' + kind }];
    require(${JSON.stringify(path.join(root, 'dist', 'libtorch', 'fetch.js'))})
      .setupLibtorch({ variant: 'cpu' }).then(({ directory }) => console.log(directory))`;
  const start = () => promisify(execFile)(process.execPath, ['-e', script], { env });
  const results = await Promise.all([start(), start()]);
  const expected = path.join(cachedFolder('cpu', env), 'torch');
  expect(results.map(({ stdout }) => stdout.trim())).toEqual([expected, expected]);
  expect(server.downloads.filter(({ range }) => range === 'bytes=0-3')).toHaveLength(1);
});

test('wheels are named for this machine', () => {
  expect(wheel.name).toContain(thisPlatform);
});
