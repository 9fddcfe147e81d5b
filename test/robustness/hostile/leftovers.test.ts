import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { writeFileAtomically } from '../../../lib/io/files';
import { makeFolderAtomically } from '../../../lib/io/new-folder';
import { processMark } from '../../../lib/io/process-mark';
import { removeLeftovers, temporaryPath } from '../../../lib/io/temporary-name';
import { serve } from '../../../lib/server';
import { temporaryFolder } from '../../support/temporary-folder';

// Field faults, section 6, L3 and L5: what kill -9 leaves beside a file, and names that leave no room for another.

const { pid: gone } = spawnSync(process.execPath, ['-e', '']);
const [, place, start] = processMark().split('-') as [string, string, string];
const elsewhere = `${place[0] === '0' ? '1' : '0'}${place.slice(1)}`;

/** As a process of the mark would have left it, `hours` ago. */
function leftover(folder: string, name: string, mark: string, hours = 0): string {
  const file = path.join(folder, `.${name}.${mark}.0123456789ab.tmp`);
  writeFileSync(file, 'half');
  const then = Date.now() / 1000 - hours * 3600;
  utimesSync(file, then, then);
  return file;
}

test.each<[string, string, number, boolean]>([
  ['a process that is gone', `${gone}-${place}-77`, 0, true],
  ['this one', processMark(), 48, false],
  ['one whose number this one has now', `${process.pid}-${place}-${Number(start) + 1}`, 0, start !== '0'],
  ['one of another machine or container, just now', `${gone}-${elsewhere}-77`, 0, false],
  ['one of another machine or container, long ago', `${gone}-${elsewhere}-77`, 25, true],
  ['an earlier version, gone', `${gone}`, 0, true],
  ['an earlier version, running', `${process.ppid}`, 48, false],
])('of %s', async (_, mark, hours, goes) => {
  const folder = temporaryFolder();
  const file = leftover(folder, 'g.pt', mark, hours);
  const others = [leftover(folder, 'h.pt', mark, hours), path.join(folder, '.g.pt.tmp')];
  writeFileSync(path.join(folder, '.g.pt.tmp'), 'of another program');
  await writeFileAtomically(path.join(folder, 'g.pt'), 'whole');
  expect(existsSync(file)).toBe(!goes);
  expect(others.filter((other) => existsSync(other))).toEqual(others);
  await removeLeftovers(folder);
  expect(existsSync(others[0] as string)).toBe(!goes);
});

test('leftover folders are also removed', async () => {
  const folder = temporaryFolder();
  const half = path.join(folder, `.set.${gone}-${place}-77.0123456789ab.tmp`);
  mkdirSync(half);
  writeFileSync(path.join(half, 'layer_0.safetensors'), 'half');
  await makeFolderAtomically(path.join(folder, 'set'), async () => undefined);
  expect(readdirSync(folder)).toEqual(['set']);
});

test('a writer that is killed, and the next', async () => {
  const file = path.join(temporaryFolder(), 'g.pt');
  const script = `require(${JSON.stringify(path.join(__dirname, '..', '..', '..', 'dist', 'io', 'files.js'))})
    .writeFileAtomically(${JSON.stringify(file)}, async (handle) => {
      await handle.write('half');
      process.stdout.write('half');
      await new Promise((resolve) => setTimeout(resolve, 60_000));
    });`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise((resolve) => child.stdout?.once('data', resolve));
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
  expect(readdirSync(path.dirname(file))).toHaveLength(1);
  await writeFileAtomically(file, 'whole');
  expect(readdirSync(path.dirname(file))).toEqual(['g.pt']);
});

test.each([1, 60, 64, 65, 200, 246, 247, 251, 255])('a name of %s bytes', async (length) => {
  const folder = temporaryFolder();
  for (const letter of ['g', 'é'.repeat(2)]) {
    const size = Buffer.byteLength(letter);
    const name = letter.repeat(Math.floor(length / size)).padEnd(0) + 'x'.repeat(length % size);
    const file = path.join(folder, name);
    expect(Buffer.byteLength(path.basename(temporaryPath(file)))).toBeLessThan(143);
    const dead = temporaryPath(file).replace(processMark(), `${gone}-${place}-77`);
    writeFileSync(dead, 'half');
    await writeFileAtomically(file, 'whole');
    expect(existsSync(dead)).toBe(false);
    expect(existsSync(file)).toBe(true);
  }
});

test('long names that differ at their end are told apart', () => {
  const names = ['a', 'b'].map((end) => temporaryPath(`/x/${'g'.repeat(200)}${end}`).split('.')[1]);
  expect(names[0]).not.toBe(names[1]);
});

test('a server that starts removes what a killed process left in its folder', async () => {
  const folder = temporaryFolder();
  const old = leftover(folder, 'dallas.json', `${gone}-${place}-77`);
  await using _server = await serve({ dataDir: folder, port: 0 });
  expect(existsSync(old)).toBe(false);
});
