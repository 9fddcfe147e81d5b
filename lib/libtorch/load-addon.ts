import { existsSync, readFileSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { CircuitTracerError } from '../errors';
import type { Environment } from './cache';
import { exactly, findLibTorch } from './find';
import { libraryFile, pinnedVersion } from './folder';

export interface LoadAddonOptions {
  /** Folder with `build/` and `prebuilds/`. Default: this package's. */
  packageRoot?: string;
  env?: Environment;
}

interface AddonFiles {
  readonly addon: string;
  readonly preload: string;
  /** The LibTorch the addon was compiled against: it loads with no other. */
  readonly libtorchVersion: string;
}

const addonName = 'circuit_tracer';

// Comes without types.
const nodeGypBuild = require('node-gyp-build') as { resolve(root: string): string };

/**
 * Loads the native addon, and LibTorch before it from wherever that is on this machine.
 *
 * @throws CircuitTracerError `ERR_LIBTORCH` when the addon or LibTorch is missing, of another version, or won't load. The
 * message lists what was looked for, where, and the ways to mend it.
 */
export function loadAddon(options: LoadAddonOptions = {}): unknown {
  const root = options.packageRoot ?? path.join(__dirname, '..', '..');
  const files = findAddon(root);
  return loadWithLibTorch(files, files.addon, options.env);
}

/** Loads another addon of a source checkout's build, `build/Release/<name>.node`: native tests have one. */
export function loadBuiltAddon(name: string, options: LoadAddonOptions = {}): unknown {
  const root = options.packageRoot ?? path.join(__dirname, '..', '..');
  const files = builtAddon(root);
  const addon = path.join(root, 'build', 'Release', `${name}.node`);
  if (!files || !existsSync(addon)) throw missingAddon(addon, 'it was not built: run `npm run build`');
  return loadWithLibTorch(files, addon, options.env);
}

function findAddon(root: string): AddonFiles {
  const built = builtAddon(root);
  if (built) return built;
  try {
    const addon = nodeGypBuild.resolve(root);
    return { addon, preload: preloadBeside(addon), libtorchVersion: pinnedVersion };
  } catch (cause) {
    throw missingAddon(path.join(root, 'build', 'Release', `${addonName}.node`), (cause as Error).message, cause);
  }
}

/** A build on this machine notes the LibTorch it was made with beside the addon. */
function builtAddon(root: string): AddonFiles | undefined {
  const folder = path.join(root, 'build', 'Release');
  const addon = path.join(folder, `${addonName}.node`);
  const record = path.join(folder, `${addonName}.json`);
  if (!existsSync(addon) || !existsSync(record)) return undefined;
  const { libtorchVersion } = JSON.parse(readFileSync(record, 'utf8')) as { libtorchVersion: string };
  return { addon, preload: preloadBeside(addon), libtorchVersion };
}

/** In a folder of its own: node-gyp-build takes any addon beside the real one for it. */
function preloadBeside(addon: string): string {
  return path.join(path.dirname(addon), 'preload', `${addonName}_preload.node`);
}

function loadWithLibTorch(files: AddonFiles, addon: string, env?: Environment): unknown {
  checkCurrentFolder();
  const version = files.libtorchVersion;
  const { found, tried } = findLibTorch({ env, wanted: exactly(version) });
  if (!found) throw libtorchError(files, `LibTorch ${version} was not found.`, tried);
  let complaint: string;
  try {
    const preload = require(files.preload) as { open(file: string): string };
    complaint = preload.open(libraryFile(found.directory, 'torch'));
    if (!complaint) return require(addon);
  } catch (error) {
    complaint = (error as Error).message;
  }
  const place = `${found.directory}: version ${found.version}, but loading failed: ${complaint}`;
  throw libtorchError(files, `LibTorch ${version} was found, but the native addon did not load.`, [...tried, place]);
}

/** The maths library in LibTorch, MKL, asks for the current folder when it is loaded, and ends the process when there is none. */
function checkCurrentFolder(): void {
  try {
    // Not process.cwd(), which remembers what it once said.
    realpathSync.native('.');
  } catch (cause) {
    throw new CircuitTracerError(
      'ERR_FILE_NOT_FOUND',
      'The current folder has been deleted, and LibTorch can only be loaded in one that exists. Change to another folder first.',
      { cause },
    );
  }
}

function libtorchError(files: AddonFiles, headline: string, tried: readonly string[]): CircuitTracerError {
  const version = files.libtorchVersion;
  const setup =
    version === pinnedVersion
      ? ['run `circuit-tracer setup`, which fetches it into the cache (and leave LIBTORCH unset)']
      : [];
  const ways = [
    ...setup,
    `set the environment variable LIBTORCH to the folder of LibTorch ${version}`,
    `run \`pip install torch==${version}\``,
  ];
  return new CircuitTracerError(
    'ERR_LIBTORCH',
    [
      headline,
      `The native addon ${files.addon} was built with LibTorch ${version} and loads with no other. Looked at:`,
      ...tried.map((line) => `  - ${line}`),
      'Do one of these:',
      ...ways.map((line, i) => `  ${i + 1}. ${line}`),
    ].join('\n'),
  );
}

function missingAddon(file: string, reason: string, cause?: unknown): CircuitTracerError {
  return new CircuitTracerError(
    'ERR_LIBTORCH',
    [
      `The native addon was not found for ${process.platform}-${process.arch}.`,
      `Expected ${file} or a prebuilt one in prebuilds/; ${reason}`,
      'To build it: in a source checkout run `npm run build`; in an installed package run `circuit-tracer setup`',
      'and then `node scripts/build.js` in the package folder (needs cmake and a C++20 compiler).',
    ].join('\n'),
    { cause },
  );
}
