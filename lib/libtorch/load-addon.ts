import { existsSync, readFileSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { CircuitTracerError } from '../errors';
import type { Environment } from './cache';
import { exactly, type FindOptions, type FindResult, findLibTorch, findLibTorchAsync } from './find';
import { libraryFile, pinnedVersion } from './folder';

export interface LoadAddonOptions {
  /** The folder with `build/` and `prebuilds/`. Default: that of this package. */
  packageRoot?: string;
  env?: Environment;
}

interface AddonFiles {
  readonly addon: string;
  readonly preload: string;
  /** The LibTorch version that the addon was compiled against. The addon cannot load with any other. */
  readonly libtorchVersion: string;
}

const addonName = 'circuit_tracer';

// This package has no types.
const nodeGypBuild = require('node-gyp-build') as { resolve(root: string): string };

/**
 * Find LibTorch on this machine, then load it and the native addon.
 *
 * @throws CircuitTracerError `ERR_LIBTORCH` when the addon or LibTorch is missing, has another version, or cannot be
 * loaded. The message lists the locations searched and possible fixes.
 */
export function loadAddon(options: LoadAddonOptions = {}): unknown {
  const root = options.packageRoot ?? path.join(__dirname, '..', '..');
  const files = findAddon(root);
  return loadWithLibTorch(files, files.addon, options.env);
}

/**
 * The same without blocking the event loop. LibTorch takes a third of a second to open, or longer from a cold disk, so
 * it is opened on a thread.
 *
 * @throws CircuitTracerError as {@link loadAddon}.
 */
export async function loadAddonOnThread(options: LoadAddonOptions = {}): Promise<unknown> {
  const files = findAddon(options.packageRoot ?? path.join(__dirname, '..', '..'));
  const search = await findLibTorchAsync(searchFor(files, options.env));
  const library = requireLibrary(files, search);
  checkCurrentFolder();
  let opened: () => string;
  try {
    const loadError = await openOnThread(files, library);
    opened = () => loadError;
  } catch (error) {
    opened = () => (error as Error).message;
  }
  return requireAddon(files, files.addon, search, opened);
}

/**
 * Load another addon from the build of a source checkout, `build/Release/<name>.node`, such as that of the native
 * tests.
 */
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

/** The addon built on this machine. The build stores its LibTorch version beside the addon. */
function builtAddon(root: string): AddonFiles | undefined {
  const folder = path.join(root, 'build', 'Release');
  const addon = path.join(folder, `${addonName}.node`);
  const record = path.join(folder, `${addonName}.json`);
  if (!existsSync(addon) || !existsSync(record)) return undefined;
  const { libtorchVersion } = JSON.parse(readFileSync(record, 'utf8')) as { libtorchVersion: string };
  return { addon, preload: preloadBeside(addon), libtorchVersion };
}

/** The path of the preload addon. It has its own folder, because node-gyp-build would mistake it for the real addon. */
function preloadBeside(addon: string): string {
  return path.join(path.dirname(addon), 'preload', `${addonName}_preload.node`);
}

function loadWithLibTorch(files: AddonFiles, addon: string, env?: Environment): unknown {
  checkCurrentFolder();
  const search = findLibTorch(searchFor(files, env));
  const library = requireLibrary(files, search);
  return requireAddon(files, addon, search, () => makePreload(files).open(library));
}

function searchFor({ libtorchVersion }: AddonFiles, env?: Environment): FindOptions {
  return { wanted: exactly(libtorchVersion), ...(env && { env }) };
}

function requireLibrary(files: AddonFiles, { found, tried }: FindResult): string {
  if (found) return libraryFile(found.directory, 'torch');
  throw libtorchError(files, `LibTorch ${files.libtorchVersion} was not found.`, tried);
}

/** @param open opens LibTorch unless it is open, and returns the error of the loader */
function requireAddon(files: AddonFiles, addon: string, { found, tried }: FindResult, open: () => string): unknown {
  let loadError: string;
  try {
    loadError = open();
    if (!loadError) return require(addon);
  } catch (error) {
    loadError = (error as Error).message;
  }
  const place = `${found?.directory}: version ${found?.version}, but loading failed: ${loadError}`;
  const headline = `LibTorch ${files.libtorchVersion} was found, but the native addon did not load.`;
  throw libtorchError(files, headline, [...tried, place]);
}

interface Preload {
  /** Open the library. Returns the error of the loader, empty on success. */
  open(library: string): string;
  openOnThread(library: string, addon: string): Promise<string>;
  /** Wait for a library that is being opened, and open no others. */
  end(): void;
}

function makePreload(files: AddonFiles): Preload {
  return require(files.preload) as Preload;
}

/**
 * Wait for the initialisation of the library before the process exits, because it does not support an exit in between.
 */
async function openOnThread(files: AddonFiles, library: string): Promise<string> {
  const preload = makePreload(files);
  const end = () => preload.end();
  if (isMainThread) process.once('exit', end);
  try {
    return await preload.openOnThread(library, files.addon);
  } finally {
    process.removeListener('exit', end);
  }
}

/**
 * MKL, the maths library in LibTorch, reads the current folder when it is loaded, and ends the process if there is
 * none.
 */
function checkCurrentFolder(): void {
  try {
    // process.cwd() cannot be used, because it caches its result.
    realpathSync.native('.');
  } catch (cause) {
    throw new CircuitTracerError(
      'ERR_FILE_NOT_FOUND',
      'The current folder has been deleted, but LibTorch needs an existing one to load. Change to another folder first.',
      { cause },
    );
  }
}

function libtorchError(files: AddonFiles, headline: string, tried: readonly string[]): CircuitTracerError {
  const version = files.libtorchVersion;
  const setup =
    version === pinnedVersion
      ? ['run `circuit-tracer setup`, which downloads it into the cache (and leave LIBTORCH unset)']
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
      `The native addon ${files.addon} was built with LibTorch ${version} and requires exactly this version. Searched:`,
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
