import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { absolutePath } from '../io/absolute-path';

/** The LibTorch release that the prebuilt addons are built with and that `setup` downloads. */
export const pinnedVersion = '2.13.0';

/** The oldest release that the sources compile against. */
export const oldestVersion = '2.6.0';

/** A complete LibTorch folder: `lib/` and `include/`. */
export interface LibTorch {
  readonly directory: string;
  /** The version without the build suffix: `2.13.0`. */
  readonly version: string;
  readonly cuda: boolean;
}

const libraryNames: Partial<Record<NodeJS.Platform, (name: string) => string>> = {
  win32: (name) => `${name}.dll`,
  darwin: (name) => `lib${name}.dylib`,
};

/** The path of one of LibTorch's shared libraries. */
export function libraryFile(directory: string, name: string): string {
  const fileName = libraryNames[process.platform] ?? ((plain: string) => `lib${plain}.so`);
  return path.join(directory, 'lib', fileName(name));
}

/**
 * Read a folder given by a user or created by `setup`: the LibTorch folder itself, or one that contains it under
 * `torch` (a site-packages folder) or `libtorch` (an unpacked archive).
 *
 * @returns the LibTorch found, or the reason as text why there is none
 */
export function inspectFolder(given: string): LibTorch | string {
  const folder = absolutePath(given);
  if (!existsSync(folder)) return 'does not exist';
  const directory = [folder, path.join(folder, 'torch'), path.join(folder, 'libtorch')].find((candidate) =>
    existsSync(libraryFile(candidate, 'torch')),
  );
  if (!directory) return `does not contain ${path.relative(folder, libraryFile(folder, 'torch'))}`;
  const missing = ['torch_cpu', 'c10'].map((name) => libraryFile(directory, name)).find((file) => !existsSync(file));
  if (missing) return `is incomplete: ${path.relative(folder, missing)} is missing`;
  const version = readVersion(directory);
  if (!version) return 'has neither build-version nor version.py, so its version is unknown';
  return { directory, version, cuda: existsSync(libraryFile(directory, 'torch_cuda')) };
}

/** The version, from `build-version` of an archive or `version.py` of a Python package. */
function readVersion(directory: string): string | undefined {
  const texts = ['build-version', 'version.py'].map((name) => readIfPresent(path.join(directory, name)));
  return (
    /^\s*(\d+\.\d+\.\d+)/.exec(texts[0] ?? '')?.[1] ?? /__version__\s*=\s*'(\d+\.\d+\.\d+)/.exec(texts[1] ?? '')?.[1]
  );
}

function readIfPresent(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

/** Whether version `a` is `b` or later. */
export function isAtLeast(a: string, b: string): boolean {
  const left = a.split('.').map(Number);
  const right = b.split('.').map(Number);
  for (let i = 0; i < 3; i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}
