import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { CircuitTracerError } from '../../../lib/errors';
import { loadAddon, loadBuiltAddon } from '../../../lib/libtorch/load-addon';
import { temporaryFolder } from '../../support/temporary-folder';
import { fakeLibTorch } from './support/fake-libtorch';

const buildFolder = path.join(__dirname, '..', '..', '..', 'build', 'Release');
const nowhere = { PATH: '/nonexistent', XDG_CACHE_HOME: '/nonexistent' };

/** A package with an addon that says it was built with that LibTorch. */
function packageBuiltWith(libtorchVersion: string): string {
  const root = temporaryFolder();
  const folder = path.join(root, 'build', 'Release');
  mkdirSync(path.join(folder, 'preload'), { recursive: true });
  writeFileSync(path.join(folder, 'circuit_tracer.node'), 'not an addon');
  writeFileSync(path.join(folder, 'circuit_tracer.json'), JSON.stringify({ libtorchVersion }));
  const preload = path.join(buildFolder, 'preload', 'circuit_tracer_preload.node');
  if (existsSync(preload)) copyFileSync(preload, path.join(folder, 'preload', 'circuit_tracer_preload.node'));
  return root;
}

function failure(work: () => unknown): CircuitTracerError {
  try {
    work();
  } catch (error) {
    if (error instanceof CircuitTracerError) return error;
    throw error;
  }
  throw new Error('expected a failure');
}

test('LibTorch missing: one message with what, where, and three ways out', () => {
  const error = failure(() => loadAddon({ packageRoot: packageBuiltWith('2.13.0'), env: nowhere }));
  expect(error.code).toBe('ERR_LIBTORCH');
  expect(error.message).toMatch(/^LibTorch 2\.13\.0 was not found\.\nThe native addon .*circuit_tracer\.node/);
  expect(error.message).toMatch(/LIBTORCH: not set\n.*cache: no libtorch-2\.13\.0-\* in .*\n.*Python: no torch/);
  expect(error.message).toMatch(
    /1\. run `circuit-tracer setup`.*\n.*2\. set .* LIBTORCH .*\n.*3\. run `pip install torch==2\.13\.0`/,
  );
});

test('LibTorch of another version: both versions are named', () => {
  const env = { ...nowhere, LIBTORCH: fakeLibTorch('2.12.0') };
  const error = failure(() => loadAddon({ packageRoot: packageBuiltWith('2.13.0'), env }));
  expect(error).toMatchObject({ code: 'ERR_LIBTORCH' });
  expect(error.message).toMatch(/is version 2\.12\.0, not 2\.13\.0/);
});

test('an addon built with another LibTorch asks for that one; setup would fetch the wrong one', () => {
  const error = failure(() => loadAddon({ packageRoot: packageBuiltWith('2.7.1'), env: nowhere }));
  expect(error.message).toMatch(/LibTorch 2\.7\.1 was not found/);
  expect(error.message).not.toMatch(/circuit-tracer setup/);
});

test("a LibTorch that doesn't load: the loader's own words are passed on", () => {
  const env = { ...nowhere, LIBTORCH: fakeLibTorch('2.13.0') };
  const error = failure(() => loadAddon({ packageRoot: packageBuiltWith('2.13.0'), env }));
  expect(error).toMatchObject({ code: 'ERR_LIBTORCH' });
  expect(error.message).toMatch(/was found, but the native addon did not load/);
  expect(error.message).toMatch(/loading failed: .*libtorch/);
});

test('no addon at all: how to build it', () => {
  const error = failure(() => loadAddon({ packageRoot: temporaryFolder() }));
  expect(error).toMatchObject({ code: 'ERR_LIBTORCH' });
  expect(error.message).toMatch(/native addon was not found for .*\n.*prebuilds.*\n.*npm run build/s);
  const other = failure(() => loadBuiltAddon('another', { packageRoot: packageBuiltWith('2.13.0') }));
  expect(other.message).toMatch(/another\.node/);
});

test('the addon of this checkout loads and names its LibTorch', () => {
  expect(loadAddon()).toMatchObject({ libtorchVersion: expect.stringMatching(/^\d+\.\d+\.\d+/) });
});
