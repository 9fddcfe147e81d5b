import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { checkOutputs } from '../../../lib/cli/options/outputs';
import { makeFolder } from '../../../lib/io/files';
import { findLibTorch } from '../../../lib/libtorch/find';
import { type ChildResult, cliScript, runNode } from '../../support/child';
import { expectRejection } from '../../support/expect-rejection';
import { temporaryFolder } from '../../support/temporary-folder';

// Field faults, section 6, L4 to L7: users without a home, deleted folders, long names, folders taken away.

const script = (name: string) => path.join(__dirname, 'scripts', `${name}.js`);
const libtorch = findLibTorch().found?.directory ?? '';

describe('without a home folder', () => {
  const variables = ['HOME', 'XDG_CACHE_HOME', 'HF_HOME', 'HF_HUB_CACHE', 'HUGGINGFACE_HUB_CACHE', 'HF_TOKEN_PATH'];
  const saved = { ...process.env };
  beforeAll(() => {
    for (const name of variables) delete process.env[name];
  });
  afterAll(() => Object.assign(process.env, saved));

  const run = (args: string[], env: Record<string, string>): Promise<ChildResult> =>
    runNode(cliScript, args, { env, nodeArguments: ['-r', script('no-home')] });

  test('a model on disk and graphs need none', async () => {
    const out = path.join(temporaryFolder(), 'out');
    expect(await run(['demo', '--out', out], { LIBTORCH: libtorch })).toMatchObject({ code: 0 });
    const graph = path.join(out, 'dallas.safetensors');
    expect(await run(['graph', graph], { LIBTORCH: libtorch })).toMatchObject({ code: 0 });
  });

  test('LibTorch that is named is found, and the cache of the hub', async () => {
    const [torch, cache] = await Promise.all([
      run(['setup'], { LIBTORCH: libtorch }),
      run(['cache', 'ls'], { HF_HOME: temporaryFolder() }),
    ]);
    expect(torch).toMatchObject({ code: 0, stdout: expect.stringContaining(libtorch) });
    expect(cache).toMatchObject({ code: 0, stdout: expect.stringMatching(/^0 repositories/) });
  });

  test.each<[string, string[], Record<string, string>, RegExp]>([
    ['setup', ['setup', '--force', '--variant', 'cpu'], {}, /XDG_CACHE_HOME.*ERR_FILE_NOT_FOUND/s],
    ['the hub', ['cache', 'ls'], {}, /HF_HOME.*ERR_FILE_NOT_FOUND/s],
    ['fetching', ['fetch', 'nobody/nothing'], { HF_HUB_OFFLINE: '1' }, /HF_HOME.*ERR_FILE_NOT_FOUND/s],
    ['a path from home', ['fetch', '~/x'], { HF_HOME: '/nowhere' }, /~\/x.*ERR_FILE_NOT_FOUND/s],
    ['LibTorch', ['demo', '--out', '/nowhere'], { PATH: '/nowhere' }, /ERR_FILE_WRITE|XDG_CACHE_HOME.*ERR_LIBTORCH/s],
  ])('%s says what to set', async (_, args, env, message) => {
    const { code, stderr } = await run(args, { LIBTORCH: '', ...env });
    expect(code).toBe(1);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/bug/);
  });
});

/** Run in a folder that has been deleted. */
function inDeletedFolder(...args: string[]) {
  const folder = path.join(temporaryFolder(), 'gone');
  mkdirSync(folder);
  const command = 'cd "$1" && rmdir "$1" && shift && exec "$@"';
  return spawnSync('sh', ['-c', command, 'sh', folder, process.execPath, ...args], { encoding: 'utf8' });
}

const onPosix = process.platform === 'win32' ? test.skip : test;

onPosix.each([
  ['attribute', ['attribute', '-p', 'Fact:', '--slug', 'x', '--graph-file-dir', 'out']],
  [
    'attribute to an absolute path',
    ['attribute', '-p', 'Fact:', '--graph-output-path', '/tmp/circuit-tracer-never.pt'],
  ],
  ['graph', ['graph', 'g.safetensors']],
  ['generate', ['generate', '-p', 'Fact:']],
])('in a deleted folder: %s', (_, args) => {
  const { status, stderr } = inDeletedFolder(cliScript, ...args);
  expect(stderr).toMatch(/folder has been deleted.*ERR_FILE_NOT_FOUND/s);
  expect(status).toBe(1);
});

onPosix.each([
  ['before LibTorch is there', 'ERR_FILE_NOT_FOUND 4 ERR_FILE_NOT_FOUND'],
  ['when a model is loaded', '4 4 ERR_FILE_NOT_FOUND'],
])('the library, when the folder is deleted %s', async (when, outcomes) => {
  const result = await runNode(script('deleted-folder'), [
    when.startsWith('before') ? 'first' : 'later',
    path.join(temporaryFolder(), 'gone'),
  ]);
  expect(result).toMatchObject({ code: 0, stdout: outcomes });
});

test('an offload folder that is gone is not a full disk', async () => {
  const { code, stdout } = await runNode(script('offload-gone'), [], { env: { TMPDIR: temporaryFolder() } });
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    code: 'ERR_FILE_WRITE',
    message: expect.stringMatching(/folder is gone/),
  });
  expect(stdout).not.toMatch(/disk is full|disk full/);
});

const underProc = process.platform === 'linux' ? test : test.skip;

underProc('a folder under /proc ends in an error, and at once', async () => {
  await expectRejection(makeFolder('/proc/x/y'), 'ERR_FILE_WRITE', /\/proc\/x/);
  const demo = await runNode(cliScript, ['demo', '--out', '/proc/x'], { timeoutSeconds: 60 });
  expect(demo).toMatchObject({ code: 1, stderr: expect.stringMatching(/ERR_FILE_WRITE/) });
  const env = { XDG_CACHE_HOME: '/proc/x', LIBTORCH: '', CIRCUIT_TRACER_LIBTORCH_URL: 'http://127.0.0.1:9/none.zip' };
  const setup = await runNode(cliScript, ['setup', '--force', '--variant', 'cpu'], { env, timeoutSeconds: 60 });
  expect(setup).toMatchObject({ code: 1, stderr: expect.stringMatching(/ERR_FILE_WRITE/) });
});

test('a name the file system has no room for is found before the work', async () => {
  const folder = temporaryFolder();
  const graphPath = (length: number) => path.join(folder, `${'g'.repeat(length - 3)}.pt`);
  await checkOutputs({ graphPath: graphPath(255), graphFiles: undefined });
  for (const file of [graphPath(256), path.join(folder, ...Array(40).fill('d'.repeat(120)), 'g.pt')]) {
    await expectRejection(checkOutputs({ graphPath: file, graphFiles: undefined }), 'ERR_FILE_WRITE', /too long/);
  }
});

const [setpriv] = ['setpriv'].filter((program) => spawnSync(program, ['--version']).status === 0);
const asNobody = (args: string[]) =>
  spawnSync('setpriv', ['--reuid=12345', '--regid=12345', '--clear-groups', ...args], { encoding: 'utf8' });
const canBeNobody =
  setpriv !== undefined && asNobody(['test', '-r', path.join(libtorch, 'lib', 'libtorch.so')]).status === 0;
if (!canBeNobody)
  console.warn('skipped: running as a user without a name needs root, setpriv and a LibTorch all can read');

(canBeNobody ? test : test.skip)('as a user without a name', () => {
  const out = path.join(temporaryFolder(), 'out');
  mkdirSync(out, { mode: 0o777 });
  spawnSync('chmod', ['-R', '777', path.dirname(out)]);
  const env = ['env', '-u', 'HOME', '-u', 'XDG_CACHE_HOME', `LIBTORCH=${libtorch}`];
  expect(asNobody([...env, process.execPath, cliScript, 'demo', '--out', out])).toMatchObject({ status: 0 });
});
