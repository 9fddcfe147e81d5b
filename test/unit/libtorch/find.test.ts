import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { cacheDirectory, cachedFolder } from '../../../lib/libtorch/cache';
import { compilable, exactly, findLibTorch } from '../../../lib/libtorch/find';
import { inspectFolder, isAtLeast, libraryFile } from '../../../lib/libtorch/folder';
import { temporaryFolder } from '../../support/temporary-folder';
import { fakeLibTorch } from './support/fake-libtorch';

const pinned = '2.13.0';

/** No LIBTORCH, an empty cache, and Python as installed but without any torch of this machine. */
function emptyEnvironment(): Record<string, string | undefined> {
  return { PATH: '/nonexistent', XDG_CACHE_HOME: temporaryFolder() };
}

function withPythonTorch(version: string): Record<string, string | undefined> {
  const sitePackages = temporaryFolder();
  const torch = path.join(sitePackages, 'torch');
  fakeLibTorch(version, torch);
  rmSync(path.join(torch, 'build-version'));
  writeFileSync(path.join(torch, '__init__.py'), 'raise RuntimeError("must not be imported")\n');
  writeFileSync(path.join(torch, 'version.py'), `from typing import Optional\n__version__ = '${version}+cpu'\n`);
  return { ...emptyEnvironment(), PATH: process.env.PATH, PYTHONPATH: sitePackages };
}

describe('order', () => {
  test('LIBTORCH comes before the cache', () => {
    const env = emptyEnvironment();
    fakeLibTorch(pinned, cachedFolder('cpu', env));
    const directory = fakeLibTorch(pinned);
    expect(findLibTorch({ env: { ...env, LIBTORCH: directory } }).found?.directory).toBe(directory);
  });

  test('the cache comes before Python, and CUDA in it before CPU', () => {
    const env = withPythonTorch(pinned);
    fakeLibTorch(pinned, cachedFolder('cpu', env));
    expect(findLibTorch({ env }).found).toMatchObject({ directory: cachedFolder('cpu', env), cuda: false });
    fakeLibTorch(pinned, cachedFolder('cu130', env), true);
    expect(findLibTorch({ env }).found).toMatchObject({ directory: cachedFolder('cu130', env), cuda: true });
  });

  test('Python is asked last, without importing torch', () => {
    expect(findLibTorch({ env: withPythonTorch(pinned) }).found).toMatchObject({ version: pinned });
  });

  test('a LIBTORCH that will not do ends the search', () => {
    const env = emptyEnvironment();
    fakeLibTorch(pinned, cachedFolder('cpu', env));
    const { found, tried } = findLibTorch({ env: { ...env, LIBTORCH: '/nonexistent/libtorch' } });
    expect(found).toBeUndefined();
    expect(tried).toEqual(['LIBTORCH: /nonexistent/libtorch does not exist']);
  });

  test('nothing anywhere: each place is named', () => {
    const env = emptyEnvironment();
    const { found, tried } = findLibTorch({ env });
    expect(found).toBeUndefined();
    expect(tried).toEqual([
      'LIBTORCH: not set',
      `cache: no libtorch-${pinned}-* in ${cacheDirectory(env)}`,
      'Python: no torch package in python3',
    ]);
  });
});

describe('version', () => {
  test('another version than the wanted one is passed over, and said', () => {
    const { found, tried } = findLibTorch({ env: withPythonTorch('2.12.1') });
    expect(found).toBeUndefined();
    expect(tried.at(-1)).toMatch(/^Python: .*torch is version 2\.12\.1, not 2\.13\.0$/);
  });

  test('building accepts LibTorch 2.6 and later, loading only the version of the build', () => {
    const env = (version: string) => ({ ...emptyEnvironment(), LIBTORCH: fakeLibTorch(version) });
    expect(findLibTorch({ env: env('2.7.1'), wanted: compilable }).found?.version).toBe('2.7.1');
    expect(findLibTorch({ env: env('2.5.1'), wanted: compilable }).found).toBeUndefined();
    expect(findLibTorch({ env: env('2.7.1'), wanted: exactly('2.7.1') }).found?.version).toBe('2.7.1');
    expect(findLibTorch({ env: env('2.7.1'), wanted: exactly('2.7.0') }).found).toBeUndefined();
  });

  test.each([
    ['2.13.0', '2.6.0', true],
    ['2.6.0', '2.6.0', true],
    ['2.5.9', '2.6.0', false],
    ['10.0.0', '9.9.9', true],
  ])('%s is at least %s: %s', (a, b, expected) => {
    expect(isAtLeast(a, b)).toBe(expected);
  });
});

describe('folder', () => {
  test('an unpacked archive and a site-packages folder are looked into', () => {
    for (const name of ['libtorch', 'torch']) {
      const folder = temporaryFolder();
      fakeLibTorch(pinned, path.join(folder, name));
      expect(inspectFolder(folder)).toMatchObject({ directory: path.join(folder, name), version: pinned });
    }
  });

  test('inspectFolder names the missing files', () => {
    const folder = fakeLibTorch(pinned);
    rmSync(path.join(folder, 'build-version'));
    expect(inspectFolder(folder)).toMatch(/neither build-version nor version\.py/);
    rmSync(libraryFile(folder, 'c10'));
    expect(inspectFolder(folder)).toMatch(/is incomplete: lib.*c10/);
    const empty = temporaryFolder();
    mkdirSync(path.join(empty, 'lib'));
    expect(inspectFolder(empty)).toMatch(/does not contain lib.*torch/);
  });
});
