import { constants, copyFile, readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { findFeatures } from '../../features/packed-features';
import { labelsFile } from '../../graph-file/labels';
import { fileExists, makeFolder, readError, writeError } from '../../io/files';
import { checkNotAborted } from '../../validate';

/** A file that belongs to a set of transcoders but contains no weights. */
export interface Companion {
  readonly path: string;
  /** The path relative to the folder of the set. */
  readonly name: string;
  readonly bytes: number;
}

/** List the labels and packed features in a folder of transcoders. */
export async function findCompanions(folder: string): Promise<Companion[]> {
  const names = (await fileExists(join(folder, labelsFile))) ? [labelsFile] : [];
  const features = await findFeatures(folder);
  for (const name of features ? await readdir(features) : []) {
    if (await fileExists(join(folder, 'features', name))) names.push(join('features', name));
  }
  return Promise.all(
    names.map(async (name) => {
      const path = join(folder, name);
      return { path, name, bytes: (await stat(path)).size };
    }),
  );
}

/** @throws CircuitTracerError `ERR_FILE_READ`, `ERR_FILE_WRITE`, `ABORT_ERR`. */
export async function copyCompanion({ path, name }: Companion, folder: string, signal?: AbortSignal): Promise<void> {
  checkNotAborted(signal);
  const target = join(folder, name);
  await makeFolder(dirname(target));
  await copyFile(path, target, constants.COPYFILE_FICLONE).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ENOSPC' || error.code === 'EDQUOT' ? writeError(target, error) : readError(path, error);
  });
}
