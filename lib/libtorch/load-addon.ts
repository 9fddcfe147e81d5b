import { existsSync, readFileSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { CircuitTracerError } from '../errors';
import type { Environment } from './cache';
import { exactly, type FindOptions, type FindResult, findLibTorch, findLibTorchAsync } from './find';
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

/**
 * The same without holding up the event loop: LibTorch takes a third of a second to open, more from a cold disk, and is
 * opened on a thread.
 *
 * @throws CircuitTracerError as {@link loadAddon}.
 */
export async function loadAddonOnThread(options: LoadAddonOptions = {}): Promise<unknown> {
  const files = findAddon(options.packageRoot ?? path.join(__dirname, '..', '..'));
  const search = await findLibTorchAsync(searchFor(files, options.env));
  const library = libraryOf(files, search);
  checkCurrentFolder();
  let opened: () => string;
  try {
    const complaint = await openOnThread(files, library);
    opened = () => complaint;
  } catch (error) {
    opened = () => (error as Error).message;
  }
  return requireAddon(files, files.addon, search, opened);
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
  const search = findLibTorch(searchFor(files, env));
  const library = libraryOf(files, search);
  return requireAddon(files, addon, search, () => preloadOf(files).open(library));
}

function searchFor({ libtorchVersion }: AddonFiles, env?: Environment): FindOptions {
  return { wanted: exactly(libtorchVersion), ...(env && { env }) };
}

function libraryOf(files: AddonFiles, { found, tried }: FindResult): string {
  if (found) return libraryFile(found.directory, 'torch');
  throw libtorchError(files, `LibTorch ${files.libtorchVersion} was not found.`, tried);
}

/** @param open opens LibTorch, or has done so, and gives the loader's complaint */
function requireAddon(files: AddonFiles, addon: string, { found, tried }: FindResult, open: () => string): unknown {
  let complaint: string;
  try {
    complaint = open();
    if (!complaint) return require(addon);
  } catch (error) {
    complaint = (error as Error).message;
  }
  const place = `${found?.directory}: version ${found?.version}, but loading failed: ${complaint}`;
  const headline = `LibTorch ${files.libtorchVersion} was found, but the native addon did not load.`;
  throw libtorchError(files, headline, [...tried, place]);
}

interface Preload {
  /** The loader's complaint, empty when loaded. */
  open(library: string): string;
  openOnThread(library: string, addon: string): Promise<string>;
  /** Waits for what is being opened; nothing more is. */
  end(): void;
}

function preloadOf(files: AddonFiles): Preload {
  return require(files.preload) as Preload;
}

/** The process doesn't exit while the library starts: neither is written for that. */
async function openOnThread(files: AddonFiles, library: string): Promise<string> {
  const preload = preloadOf(files);
  const end = () => preload.end();
  if (isMainThread) process.once('exit', end);
  try {
    return await preload.openOnThread(library, files.addon);
  } finally {
    process.removeListener('exit', end);
  }
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
