import { readdirSync } from 'node:fs';
import path from 'node:path';
import { requireHomeFolder } from '../home-folder';
import { pinnedVersion } from './folder';

export type Environment = Record<string, string | undefined>;

/**
 * The user's cache folder for this package, following the platform's convention. The folder is not created.
 *
 * @throws CircuitTracerError `ERR_FILE_NOT_FOUND` when it would be in the home folder and there is none.
 */
export function cacheDirectory(env: Environment = process.env): string {
  return path.join(env.XDG_CACHE_HOME || userCaches(env), 'circuit-tracer');
}

function userCaches(env: Environment): string {
  if (process.platform === 'win32' && env.LOCALAPPDATA) return env.LOCALAPPDATA;
  const home = requireHomeFolder('The cache of LibTorch', 'LIBTORCH to a folder of LibTorch, or XDG_CACHE_HOME', env);
  if (process.platform === 'darwin') return path.join(home, 'Library', 'Caches');
  return process.platform === 'win32' ? path.join(home, 'AppData', 'Local') : path.join(home, '.cache');
}

/** The cache folder for one kind of LibTorch: `cpu`, `cu130` and so on. */
export function cachedFolder(kind: string, env: Environment = process.env): string {
  return path.join(cacheDirectory(env), `libtorch-${pinnedVersion}-${kind}`);
}

/** The LibTorch folders in the cache. CUDA comes first: a user who downloaded it wants to use it. */
export function cachedFolders(env: Environment = process.env): string[] {
  const prefix = `libtorch-${pinnedVersion}-`;
  let names: string[];
  try {
    names = readdirSync(cacheDirectory(env));
  } catch {
    return [];
  }
  const kinds = names
    .filter((name) => name.startsWith(prefix) && /^(cpu|cu[a-z0-9]+)$/.test(name.slice(prefix.length)))
    .map((name) => name.slice(prefix.length));
  kinds.sort((a, b) => Number(a === 'cpu') - Number(b === 'cpu') || (a < b ? 1 : -1));
  return kinds.map((kind) => cachedFolder(kind, env));
}
