import { createHash, randomBytes } from 'node:crypto';
import { lstat, readdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { log } from '../log';
import { hasEnded, markPattern, processMark } from './process-mark';

/**
 * How many bytes of the target name a temporary name repeats. The whole temporary name then fits limits of 255 bytes
 * and of 143 bytes (eCryptfs).
 */
const maxStemBytes = 64;
const pattern = new RegExp(`^\\.(.+)\\.(${markPattern})\\.[0-9a-f]{12}\\.tmp$`);

/** A temporary path beside `path` for an incomplete file or folder: `.<name>.<process>.<random>.tmp`. */
export function temporaryPath(path: string): string {
  const name = `.${shortStem(basename(path))}.${processMark()}.${randomBytes(6).toString('hex')}.tmp`;
  return join(dirname(path), name);
}

/** A long name is shortened, and its hash keeps it unique. */
function shortStem(name: string): string {
  if (Buffer.byteLength(name) <= maxStemBytes) return name;
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 16);
  const kept = Buffer.from(name).subarray(0, maxStemBytes - hash.length - 1);
  // A character that was cut at the end decodes to U+FFFD.
  return `${kept.toString('utf8').replace(/\uFFFD+$/, '')}~${hash}`;
}

/**
 * Remove temporary files and folders left by killed processes (see `hasEnded`). Failures are logged and not thrown,
 * because the folder may belong to another user.
 *
 * @param path the target whose leftovers are removed; undefined for all leftovers in `folder`
 */
export async function removeLeftovers(folder: string, path?: string): Promise<void> {
  const wanted = path === undefined ? undefined : shortStem(basename(path));
  for (const name of await readdir(folder).catch(() => [])) {
    const [, stem, mark] = pattern.exec(name) ?? [];
    if (mark === undefined || (wanted !== undefined && stem !== wanted)) continue;
    const leftover = join(folder, name);
    try {
      if (!hasEnded(mark, await touchedMs(leftover))) continue;
      await rm(leftover, { recursive: true, force: true });
      log().info({ path: leftover }, 'removed an incomplete file of an earlier process');
    } catch (error) {
      log().debug({ err: error, path: leftover }, 'a leftover temporary file cannot be removed');
    }
  }
}

/** When a file was last modified; for a folder, the latest of the folder and its direct files. */
async function touchedMs(path: string): Promise<number> {
  const found = await lstat(path);
  if (!found.isDirectory()) return found.mtimeMs;
  const inside = await Promise.all((await readdir(path)).map((name) => lstat(join(path, name))));
  return Math.max(found.mtimeMs, ...inside.map(({ mtimeMs }) => mtimeMs));
}
