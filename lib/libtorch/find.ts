import { spawnSync } from 'node:child_process';
import { cacheDirectory, cachedFolders, type Environment } from './cache';
import { inspectFolder, isAtLeast, type LibTorch, oldestVersion, pinnedVersion } from './folder';

export interface FindOptions {
  env?: Environment;
  /** Which versions will do, and the words for them in the list of what was tried. Default: the pinned one. */
  wanted?: { accepts: (version: string) => boolean; words: string };
}

export interface FindResult {
  readonly found?: LibTorch;
  /** One line per place looked at, with the reason it wouldn't do. */
  readonly tried: readonly string[];
}

/** Exactly one version: LibTorch's C++ interface changes from release to release. */
export function exactly(version: string): Required<FindOptions>['wanted'] {
  return { accepts: (found) => found === version, words: version };
}

/** What the sources compile against. */
export const compilable: Required<FindOptions>['wanted'] = {
  accepts: (version) => isAtLeast(version, oldestVersion),
  words: `${oldestVersion} or later`,
};

/**
 * Finds LibTorch: in the folder the environment variable `LIBTORCH` names, else in the per-user cache filled by
 * `circuit-tracer setup`, else in an installed Python `torch`. A `LIBTORCH` that is set but won't do ends the search, so
 * that a mistyped path isn't passed over in silence.
 */
export function findLibTorch({ env = process.env, wanted = exactly(pinnedVersion) }: FindOptions = {}): FindResult {
  const tried: string[] = [];
  const accept = (label: string, folder: string): LibTorch | undefined => {
    const result = inspectFolder(folder);
    if (typeof result === 'string') tried.push(`${label}: ${folder} ${result}`);
    else if (!wanted.accepts(result.version)) {
      tried.push(`${label}: ${result.directory} is version ${result.version}, wanted ${wanted.words}`);
    } else return result;
    return undefined;
  };

  if (env.LIBTORCH) return { found: accept('LIBTORCH', env.LIBTORCH), tried };
  tried.push('LIBTORCH: not set');
  const folders = cachedFolders(env);
  for (const folder of folders) {
    const found = accept('cache', folder);
    if (found) return { found, tried };
  }
  if (folders.length === 0) tried.push(`cache: ${emptyCache(env)}`);
  const folder = pythonTorchFolder(env);
  if (!folder) tried.push('Python: no torch package in python3');
  return { found: folder ? accept('Python', folder) : undefined, tried };
}

function emptyCache(env: Environment): string {
  try {
    return `no libtorch-${pinnedVersion}-* in ${cacheDirectory(env)}`;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Where Python keeps `torch`, found without importing it, which would take seconds. */
function pythonTorchFolder(env: Environment): string | undefined {
  const script =
    'import importlib.util as u; s = u.find_spec("torch"); print(s.submodule_search_locations[0] if s else "")';
  const python = spawnSync(process.platform === 'win32' ? 'python' : 'python3', ['-c', script], {
    encoding: 'utf8',
    env: env as NodeJS.ProcessEnv,
    timeout: 5000,
    stdio: ['ignore', 'pipe', 'ignore'],
    windowsHide: true,
  });
  return python.status === 0 ? python.stdout.trim() || undefined : undefined;
}
