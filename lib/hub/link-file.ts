import { randomBytes } from 'node:crypto';
import { copyFile, link, lstat, rename, rm, symlink } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { fileExists, makeFolder, writeError } from '../io/files';

/**
 * The error codes of systems without links: Windows without the privilege to create them (EPERM, EACCES), FAT and exFAT
 * (EPERM), network and FUSE file systems (ENOTSUP, EOPNOTSUPP, ENOSYS, EINVAL, EIO), links across disks and too many
 * links (EXDEV, EMLINK).
 */
const noLinks = ['EPERM', 'EACCES', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EINVAL', 'EIO', 'EXDEV', 'EMLINK'];

/**
 * Link a blob of the cache into a snapshot. The link is relative, as in the Python library, so that the cache can be
 * moved. If the file system does not support symbolic links, create a hard link. If it supports neither, copy the file
 * and rename the copy when it is complete.
 *
 * @throws CircuitTracerError `ERR_FILE_WRITE`.
 */
export async function linkFile(file: string, target: string): Promise<void> {
  await makeFolder(dirname(file));
  // A link remains after its blob was deleted.
  const old = await lstat(file).catch(() => undefined);
  if (old && !(await fileExists(file))) await rm(file, { force: true });
  try {
    const linked = (await made(symlink(relative(dirname(file), target), file))) || (await made(link(target, file)));
    if (!linked) await copyWhole(target, file);
  } catch (error) {
    throw writeError(file, error);
  }
}

/** Whether the link was created; false if the file system does not support this kind of link. */
async function made(linking: Promise<void>): Promise<boolean> {
  try {
    await linking;
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (noLinks.includes(code)) return false;
    // Another process has already created it.
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
