import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { processMark } from '../../../lib/io/process-mark';

let folder: string;
let withOffloadFolder: typeof import('../../../lib/attribution/offload-folder').withOffloadFolder;

/** The module anew, with `path` as the folder for temporary files. */
function useTemporaryFolder(path: string): void {
  jest.resetModules();
  jest.doMock('node:os', () => ({ ...jest.requireActual('node:os'), tmpdir: () => path }));
  ({ withOffloadFolder } = require('../../../lib/attribution/offload-folder'));
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'offload-test-'));
  useTemporaryFolder(folder);
});
afterEach(() => rmSync(folder, { recursive: true }));

test('a private folder that is gone afterwards', async () => {
  const used = await withOffloadFolder(async (path) => {
    expect(statSync(path).mode & 0o777).toBe(0o700);
    writeFileSync(join(path, 'weights'), 'x');
    return path;
  });
  expect(used.startsWith(join(folder, `circuit-tracer-${process.pid}-`))).toBe(true);
  expect(readdirSync(folder)).toEqual([]);
});

test('the folder is also removed after a failure', async () => {
  await expect(withOffloadFolder(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(readdirSync(folder)).toEqual([]);
});

test('leftovers of dead processes are removed, other files stay', async () => {
  const { pid } = spawnSync(process.execPath, ['-e', '']);
  const dead = join(folder, `circuit-tracer-${pid}-abcDEF`);
  mkdirSync(dead);
  writeFileSync(join(dead, 'weights'), 'x');
  mkdirSync(join(folder, 'precious'));
  symlinkSync(join(folder, 'precious'), join(folder, `circuit-tracer-${pid}-linked`));
  mkdirSync(join(folder, `circuit-tracer-${process.ppid}-abcDEF`));
  mkdirSync(join(folder, 'circuit-tracer-notes'));
  await withOffloadFolder(async () => {});
  expect(existsSync(dead)).toBe(false);
  expect(readdirSync(folder).sort()).toEqual(
    [
      'circuit-tracer-notes',
      `circuit-tracer-${process.ppid}-abcDEF`,
      `circuit-tracer-${pid}-linked`,
      'precious',
    ].sort(),
  );
});

// Field faults, section 6, L7: in another container, or on another machine, the number of a process says nothing.
test('what another container left goes after a day, not before', async () => {
  const [, place = ''] = processMark().split('-');
  const elsewhere = `${place[0] === '0' ? '1' : '0'}${place.slice(1)}`;
  const { pid } = spawnSync(process.execPath, ['-e', '']);
  const [young, old, ended] = [
    `${pid}-${elsewhere}-77-abcDEF`,
    `${pid}-${elsewhere}-78-abcDEF`,
    `${pid}-${place}-77-abcDEF`,
  ].map((name) => join(folder, `circuit-tracer-${name}`)) as [string, string, string];
  for (const path of [young, old, ended]) mkdirSync(path);
  const twoDaysAgo = Date.now() / 1000 - 48 * 3600;
  utimesSync(old, twoDaysAgo, twoDaysAgo);
  await withOffloadFolder(async () => {});
  expect([young, old, ended].map((path) => existsSync(path))).toEqual([true, false, false]);
});

test('a missing temporary folder is an error that says what to do', async () => {
  useTemporaryFolder(join(folder, 'nowhere'));
  await expect(withOffloadFolder(async () => {})).rejects.toMatchObject({
    code: 'ERR_FILE_WRITE',
    message: expect.stringMatching(/nowhere.*TMPDIR/),
  });
});
