import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { lazy } from '../../lib/lazy';

// Field faults, section 4, last row, and d18: `require` of the main entry loaded 370 modules, `--version` 499.

const dist = path.join(__dirname, '..', '..', 'dist');

/** The files loaded by a program of the built package, outside of it their packages' names. */
function modulesOf(program: string): string[] {
  const code = `${program}; process.stdout.write('\\n' + JSON.stringify(Object.keys(require.cache)))`;
  const { stdout, stderr } = spawnSync(process.execPath, ['-e', code, 'x', '--version'], { encoding: 'utf8' });
  if (stderr !== '') throw new Error(stderr);
  return JSON.parse(stdout.split('\n').at(-1) ?? '');
}

test('the main entry loads no library that few programs use', () => {
  const modules = modulesOf(`require(${JSON.stringify(path.join(dist, 'index.js'))})`);
  const libraries = modules.filter((file) =>
    /node_modules.(yaml|hono|@hono|pino|pino-pretty|cli-progress|@huggingface|yauzl|yazl|proper-lockfile)\b/.test(file),
  );
  expect(libraries).toEqual([]);
  expect(modules.length).toBeLessThan(120);
});

test('--version loads no command', () => {
  const main = JSON.stringify(path.join(dist, 'cli', 'main.js'));
  const modules = modulesOf(`require(${main}).run(['--version']).catch(() => undefined)`);
  expect(modules.length).toBeLessThan(30);
});

test('a lazy value is made once, when it is first asked for', () => {
  const make = jest.fn(() => ({}));
  const value = lazy(make);
  expect(make).not.toHaveBeenCalled();
  expect(value()).toBe(value());
  expect(make).toHaveBeenCalledTimes(1);
  const nothing = jest.fn(() => undefined);
  const none = lazy(nothing);
  none();
  none();
  expect(nothing).toHaveBeenCalledTimes(1);
});
