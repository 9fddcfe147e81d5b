import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { cacheDirectory, cachedFolder } from '../../../lib/libtorch/cache';
import { download } from '../../../lib/libtorch/download';
import { type SetupOptions, setupLibtorch } from '../../../lib/libtorch/fetch';
import { UnavailableError } from '../../../lib/libtorch/unavailable';
import { expectRejection } from '../../support/expect-rejection';
import { temporaryFolder } from '../../support/temporary-folder';
import { ArchiveServer } from './support/archive-server';
import { fakeArchive } from './support/fake-libtorch';

const archive = fakeArchive('2.13.0', 1_000_000);
const root = path.join(__dirname, '..', '..', '..');
let server: ArchiveServer;
let env: Record<string, string>;

beforeEach(async () => {
  server = await ArchiveServer.start(archive);
  env = { PATH: '/nonexistent', XDG_CACHE_HOME: temporaryFolder(), CIRCUIT_TRACER_LIBTORCH_URL: server.url };
});
afterEach(() => server.stop());

const setup = (options: SetupOptions = {}) => setupLibtorch({ variant: 'cpu', env, ...options });
const cacheContents = () => (existsSync(cacheDirectory(env)) ? readdirSync(cacheDirectory(env)).sort() : []);

test('fetches the archive, unpacks the required files, and leaves no others', async () => {
  const phases = new Set<string>();
  const { directory, version } = await setup({ onProgress: ({ phase }) => phases.add(phase) });
  expect(version).toBe('2.13.0');
  expect(directory.startsWith(cachedFolder('cpu', env))).toBe(true);
  expect(readdirSync(directory).sort()).toEqual(['build-version', 'include', 'lib', 'share']);
  expect(readdirSync(path.join(directory, 'lib'))).toHaveLength(3);
  expect(cacheContents()).toEqual(['libtorch-2.13.0-cpu']);
  expect([...phases]).toEqual(['download', 'unpack']);
});

test('does nothing the second time, unless forced', async () => {
  await setup();
  await setup();
  expect(server.ranges).toHaveLength(1);
  await setup({ force: true });
  expect(server.ranges).toHaveLength(2);
  expect(cacheContents()).toEqual(['libtorch-2.13.0-cpu']);
});

test('goes on where the connection broke', async () => {
  server.breaks = { times: 2, after: 300_000 };
  await setup();
  expect(server.ranges[0]).toBeUndefined();
  const starts = server.ranges.slice(1).map((range) => Number(/\d+/.exec(range ?? '')?.[0]));
  expect(starts).toHaveLength(2);
  expect(starts[0]).toBeGreaterThan(0);
  expect(starts[1]).toBeGreaterThan(starts[0] ?? 0);
});

test('goes on where a cancelled run stopped', async () => {
  const controller = new AbortController();
  const onProgress = ({ done }: { done: number }) => done > 0 && controller.abort();
  await expectRejection(setup({ signal: controller.signal, onProgress }), 'ABORT_ERR', /cancelled/);
  expect(existsSync(cachedFolder('cpu', env))).toBe(false);
  await setup();
  expect(server.ranges[1]).toMatch(/^bytes=[1-9]\d*-$/);
});

test('starts anew when the file on the server is another by now', async () => {
  const controller = new AbortController();
  const onProgress = ({ done }: { done: number }) => done > 0 && controller.abort();
  await expectRejection(setup({ signal: controller.signal, onProgress }), 'ABORT_ERR', /cancelled/);
  server.etag = '"2"';
  server.content = fakeArchive('2.13.0', 500_000);
  const { version } = await setup();
  expect(version).toBe('2.13.0');
});

// Field faults, section 6, L13: a server that stopped in the middle of the body held `setup` for minutes.
test('a server that goes silent in the middle is given up, and what arrived is kept', async () => {
  server.silentAfter = 1000;
  const file = path.join(temporaryFolder(), 'libtorch.zip');
  const fetched = download({ url: server.url, file, silenceMs: 100 });
  await expect(fetched).rejects.toThrow(
    /keeps failing: the connection went silent after \d+ bytes \(silent for 0\.1 s\)/,
  );
  await expect(fetched).rejects.toBeInstanceOf(UnavailableError);
  server.silentAfter = undefined;
  await download({ url: server.url, file });
  expect(readFileSync(file).equals(archive)).toBe(true);
});

test('a connection that always breaks is given up, and the cache stays without LibTorch', async () => {
  server.breaks = { times: 100, after: 0 };
  await expectRejection(setup(), 'ERR_LIBTORCH', /keeps failing/);
  expect(existsSync(cachedFolder('cpu', env))).toBe(false);
});

test.each([404, 403])('status %i: the address is named', async (status) => {
  server.status = status;
  await expectRejection(setup(), 'ERR_LIBTORCH', new RegExp(`127\\.0\\.0\\.1.*HTTP status ${status}`));
});

test('nobody answers: fails at once', async () => {
  await server.stop();
  await expectRejection(setup(), 'ERR_LIBTORCH', /could not be downloaded(.|\n)*ECONNREFUSED/);
  await server.stop().catch(() => undefined);
});

test('checksum: the right one passes, a wrong one is refused and the file removed', async () => {
  const wrong = { ...env, CIRCUIT_TRACER_LIBTORCH_SHA256: '0'.repeat(64) };
  await expectRejection(setup({ env: wrong }), 'ERR_LIBTORCH', /expected sha256 0+, found [0-9a-f]{64}/);
  expect(existsSync(cachedFolder('cpu', env))).toBe(false);
  const sha256 = createHash('sha256').update(archive).digest('hex');
  await setup({ env: { ...env, CIRCUIT_TRACER_LIBTORCH_SHA256: sha256 } });
  expect(server.ranges).toEqual([undefined, undefined]);
});

test.each([
  ['a byte changed', (bytes: Buffer) => bytes.fill(bytes[500_000] === 0 ? 1 : 0, 500_000, 500_001), /CRC|damaged/],
  ['the end missing', (bytes: Buffer) => bytes.subarray(0, 900_000), /damaged/],
  ['no zip', () => Buffer.from('<html>Please log in</html>'), /damaged/],
  ['another version', () => fakeArchive('2.12.0'), /is version 2\.12\.0, not 2\.13\.0/],
])('an archive with %s is refused, and the next run starts anew', async (_name, change, message) => {
  server.content = change(Buffer.from(archive));
  await expectRejection(setup(), 'ERR_FILE_FORMAT', message);
  expect(cacheContents()).toEqual([]);
  server.content = archive;
  await setup();
  expect(cacheContents()).toEqual(['libtorch-2.13.0-cpu']);
});

test('two processes at once: one fetches, both have it', async () => {
  const script = `require(${JSON.stringify(path.join(root, 'dist', 'libtorch', 'fetch.js'))})
    .setupLibtorch({ variant: 'cpu' }).then(({ directory }) => console.log(directory))`;
  const start = () => promisify(execFile)(process.execPath, ['-e', script], { env });
  const results = await Promise.all([start(), start()]);
  expect(results.map(({ stdout }) => stdout.trim())).toEqual(
    Array(2).fill(path.join(cachedFolder('cpu', env), 'torch')),
  );
  expect(server.ranges).toHaveLength(1);
});

test('the lock and the leavings of a killed process are in nobody’s way', async () => {
  const lock = path.join(cacheDirectory(env), 'partial-cpu.lock');
  const leavings = path.join(cacheDirectory(env), 'partial-cpu', 'unpacked', 'torch', 'lib');
  mkdirSync(lock, { recursive: true });
  mkdirSync(leavings, { recursive: true });
  writeFileSync(path.join(leavings, 'half'), 'half');
  const longAgo = new Date(Date.now() - 3_600_000);
  utimesSync(lock, longAgo, longAgo);
  const { directory } = await setup();
  expect(readdirSync(path.join(directory, 'lib'))).not.toContain('half');
  expect(cacheContents()).toEqual(['libtorch-2.13.0-cpu']);
});

test('waiting for another process can be cancelled', async () => {
  mkdirSync(path.join(cacheDirectory(env), 'partial-cpu.lock'), { recursive: true });
  const controller = new AbortController();
  const phases: string[] = [];
  const onProgress = ({ phase }: { phase: string }) => {
    phases.push(phase);
    controller.abort();
  };
  await expectRejection(setup({ signal: controller.signal, onProgress }), 'ABORT_ERR', /cancelled/);
  expect(phases).toEqual(['wait for another process']);
});

test('a cache that cannot be written: says so', async () => {
  const file = path.join(temporaryFolder(), 'file');
  writeFileSync(file, '');
  await expectRejection(setup({ env: { ...env, XDG_CACHE_HOME: file } }), 'ERR_FILE_WRITE', /XDG_CACHE_HOME/);
  expect(readFileSync(file, 'utf8')).toBe('');
});
