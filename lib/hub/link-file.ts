import { randomBytes } from 'node:crypto';
import { copyFile, link, lstat, rename, rm, symlink } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { fileExists, makeFolder, writeError } from '../io/files';

/**
 * How systems say that there are no links: Windows without the right to make them (EPERM, EACCES), FAT and exFAT (EPERM),
 * network and FUSE file systems (ENOTSUP, EOPNOTSUPP, ENOSYS, EINVAL, EIO), other disks and too many links (EXDEV, EMLINK).
 */
const noLinks = ['EPERM', 'EACCES', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EINVAL', 'EIO', 'EXDEV', 'EMLINK'];

/**
 * Give a blob of the cache its name in a snapshot: a relative link, as Python's library makes, so that the cache can be moved.
 * Where the file system has no such links, a hard link; where it has none either, a copy, which gets its name when complete.
 *
 * @throws CircuitTracerError `ERR_FILE_WRITE`.
 */
export async function linkFile(file: string, target: string): Promise<void> {
  await makeFolder(dirname(file));
  // A link whose blob was gone is there still.
  const old = await lstat(file).catch(() => undefined);
  if (old && !(await fileExists(file))) await rm(file, { force: true });
  try {
    const linked = (await made(symlink(relative(dirname(file), target), file))) || (await made(link(target, file)));
    if (!linked) await copyWhole(target, file);
  } catch (error) {
    throw writeError(file, error);
  }
}

/** False when there are no such links here. */
async function made(linking: Promise<void>): Promise<boolean> {
  try {
    await linking;
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (noLinks.includes(code)) return false;
    // Another process was faster.
    if (code !== 'EEXIST') throw error;
  }
  return true;
}

async function copyWhole(target: string, file: string): Promise<void> {
  const temporary = join(dirname(file), `.${basename(file)}.${process.pid}.${randomBytes(6).toString('hex')}.tmp`);
  try {
    await copyFile(target, temporary);
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
}
