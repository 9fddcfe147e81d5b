import { execFile, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';
import { cacheDirectory, cachedFolders, type Environment } from './cache';
import { inspectFolder, isAtLeast, type LibTorch, oldestVersion, pinnedVersion } from './folder';

export interface FindOptions {
  env?: Environment;
  /** The accepted versions and their description in the list of attempts. Default: the pinned version. */
  wanted?: { accepts: (version: string) => boolean; words: string };
}

export interface FindResult {
  readonly found?: LibTorch;
  /** One line for each location searched, with the reason it was rejected. */
  readonly tried: readonly string[];
}

/** The pinned version only, because LibTorch's C++ interface changes from release to release. */
export function exactly(version: string): Required<FindOptions>['wanted'] {
  return { accepts: (found) => found === version, words: version };
}

/** The versions that the sources compile against. */
export const compilable: Required<FindOptions>['wanted'] = {
  accepts: (version) => isAtLeast(version, oldestVersion),
  words: `${oldestVersion} or later`,
};

/**
 * Find LibTorch in the folder set by the environment variable `LIBTORCH`, in the per-user cache filled by
 * `circuit-tracer setup`, or in an installed Python `torch`, in this order. An unusable `LIBTORCH` ends the search, so
 * that a mistyped path is not silently skipped.
 */
export function findLibTorch(options: FindOptions = {}): FindResult {
  const search = new Search(options);
  return search.inFolders() ?? search.inPython(pythonTorchFolder(search.env));
}

/** The same search without blocking the event loop while Python starts. */
export async function findLibTorchAsync(options: FindOptions = {}): Promise<FindResult> {
  const search = new Search(options);
  return search.inFolders() ?? search.inPython(await pythonTorchFolderAsync(search.env));
}

class Search {
  readonly env: Environment;
  readonly #wanted: Required<FindOptions>['wanted'];
  readonly #tried: string[] = [];

  constructor({ env = process.env, wanted = exactly(pinnedVersion) }: FindOptions) {
    this.env = env;
    this.#wanted = wanted;
  }

  /** Search the folders. Undefined when Python has to be searched. */
  inFolders(): FindResult | undefined {
    const { env } = this;
    const tried = this.#tried;
    if (env.LIBTORCH) return { found: this.#accept('LIBTORCH', env.LIBTORCH), tried };
    tried.push('LIBTORCH: not set');
    const folders = cachedFolders(env);
    for (const folder of folders) {
      const found = this.#accept('cache', folder);
      if (found) return { found, tried };
    }
    if (folders.length === 0) tried.push(`cache: ${emptyCache(env)}`);
    return undefined;
  }

  inPython(folder: string | undefined): FindResult {
    if (!folder) this.#tried.push('Python: no torch package in python3');
    return { found: folder ? this.#accept('Python', folder) : undefined, tried: this.#tried };
  }

  #accept(label: string, folder: string): LibTorch | undefined {
    const result = inspectFolder(folder);
    if (typeof result === 'string') this.#tried.push(`${label}: ${folder} ${result}`);
    else if (!this.#wanted.accepts(result.version)) {
      this.#tried.push(`${label}: ${result.directory} is version ${result.version}, not ${this.#wanted.words}`);
    } else return result;
    return undefined;
  }
}

const python = process.platform === 'win32' ? 'python' : 'python3';
const pythonArguments = [
  '-c',
  'import importlib.util as u; s = u.find_spec("torch"); print(s.submodule_search_locations[0] if s else "")',
];

function pythonOptions(env: Environment) {
  return { encoding: 'utf8', env: env as NodeJS.ProcessEnv, timeout: 5000, windowsHide: true } as const;
}

function emptyCache(env: Environment): string {
  try {
    return `no libtorch-${pinnedVersion}-* in ${cacheDirectory(env)}`;
  } catch (error) {
    return (error as Error).message;
  }
}

/** The folder of Python's `torch`, found without importing it, which would take seconds. */
function pythonTorchFolder(env: Environment): string | undefined {
  const found = spawnSync(python, pythonArguments, { ...pythonOptions(env), stdio: ['ignore', 'pipe', 'ignore'] });
  return found.status === 0 ? found.stdout.trim() || undefined : undefined;
}

async function pythonTorchFolderAsync(env: Environment): Promise<string | undefined> {
  const found = await promisify(execFile)(python, pythonArguments, pythonOptions(env)).catch(() => undefined);
  return found?.stdout.trim() || undefined;
}
