import { createHash, randomBytes } from 'node:crypto';
import { lstat, readdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { log } from '../log';
import { hasEnded, markPattern, processMark } from './process-mark';

/** Bytes of the own name that a temporary one repeats: with the rest, names of 255 bytes and of 143 (eCryptfs) have room. */
const longestStem = 64;
const pattern = new RegExp(`^\\.(.+)\\.(${markPattern})\\.[0-9a-f]{12}\\.tmp$`);

/** A name beside `path` for a file or folder until it is whole: `.<name>.<process>.<random>.tmp`. */
export function temporaryPath(path: string): string {
  const name = `.${stemOf(basename(path))}.${processMark()}.${randomBytes(6).toString('hex')}.tmp`;
  return join(dirname(path), name);
}

/** A long name is cut short and told from others by its hash. */
function stemOf(name: string): string {
  if (Buffer.byteLength(name) <= longestStem) return name;
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 16);
  const kept = Buffer.from(name).subarray(0, longestStem - hash.length - 1);
  // A character cut in two at the end decodes to U+FFFD.
  return `${kept.toString('utf8').replace(/\uFFFD+$/, '')}~${hash}`;
}

/**
 * Remove what processes that were killed left under temporary names in a folder; see `hasEnded` for whose. Failures are
 * logged, not thrown: the folder may be someone else's.
 *
 * @param path of a file or folder: only what was to become that one; undefined: all in `folder`
 */
export async function removeLeftovers(folder: string, path?: string): Promise<void> {
  const wanted = path === undefined ? undefined : stemOf(basename(path));
  for (const name of await readdir(folder).catch(() => [])) {
    const [, stem, mark] = pattern.exec(name) ?? [];
    if (mark === undefined || (wanted !== undefined && stem !== wanted)) continue;
    const leftover = join(folder, name);
    try {
      if (!hasEnded(mark, await touchedMs(leftover))) continue;
      await rm(leftover, { recursive: true, force: true });
      log().info({ path: leftover }, 'removed what an earlier process left half-written');
    } catch (error) {
      log().debug({ err: error, path: leftover }, 'a leftover can not be removed');
    }
  }
}

/** When a file, or a folder or one of the files right in it, was last written to. */
async function touchedMs(path: string): Promise<number> {
  const found = await lstat(path);
  if (!found.isDirectory()) return found.mtimeMs;
  const inside = await Promise.all((await readdir(path)).map((name) => lstat(join(path, name))));
  return Math.max(found.mtimeMs, ...inside.map(({ mtimeMs }) => mtimeMs));
}
