import { open, stat, unlink } from 'node:fs/promises';
import { dirname, extname, join } from 'node:path';
import { CircuitTracerError } from '../../errors';
import { graphExtensions } from '../../graph/formats/saved-graph';
import { checkSlug } from '../../graph-file/slug';
import { absolutePath } from '../../io/absolute-path';
import { makeFolder } from '../../io/files';
import { temporaryPath } from '../../io/temporary-name';
import { UsageError } from '../runtime/exit';

/** The paths that a command writes to. */
export interface Outputs {
  /** The whole graph, in the safetensors or PyTorch format. */
  readonly graphPath: string | undefined;
  /** The graph files for the page. Both or neither must be given. */
  readonly graphFiles: { readonly slug: string; readonly directory: string } | undefined;
}

/**
 * Check before long work that its results can be written. Creates the folder of graph files.
 *
 * @throws UsageError for an extension other than .safetensors and .pt.
 * @throws CircuitTracerError `ERR_FILE_WRITE` naming the folder that is missing or not writable.
 */
export async function checkOutputs({ graphPath, graphFiles }: Outputs): Promise<void> {
  if (graphPath !== undefined && !graphExtensions.includes(extname(graphPath))) {
    throw new UsageError(`--graph-output-path must end in ${graphExtensions.join(' or ')}; found '${graphPath}'.`);
  }
  // Create the folder of graph files first, because the graph may be saved there.
  if (graphFiles) {
    await makeFolder(graphFiles.directory);
    await checkFile(join(graphFiles.directory, `${graphFiles.slug}.json`));
  }
  if (graphPath !== undefined) await checkFile(graphPath);
}

/** @throws CircuitTracerError `ERR_FILE_WRITE` when the file cannot be written, before the work that produces it. */
export async function checkFile(path: string): Promise<void> {
  const target = absolutePath(path);
  const existing = await stat(target).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENAMETOOLONG')
      throw unwritable(path, 'the name is too long for the file system. Choose a shorter one');
  });
  if (existing?.isDirectory()) throw unwritable(path, 'it is a folder. Use the name of a file');
  await checkFolder(dirname(target), temporaryPath(target));
}

/**
 * Permissions do not show read-only file systems or the rights of root, so create a file to find out.
 *
 * @param probe the name of a temporary file for the target
 */
async function checkFolder(folder: string, probe: string): Promise<void> {
  const status = await stat(folder).catch(() => undefined);
  if (!status) throw unwritable(folder, 'the folder does not exist. Create it, or choose another path');
  if (!status.isDirectory()) throw unwritable(folder, 'it is a file, not a folder');
  try {
    await (await open(probe, 'wx')).close();
    await unlink(probe);
  } catch (error) {
    throw unwritable(folder, `the folder is not writable: ${(error as Error).message}`);
  }
}

function unwritable(path: string, reason: string): CircuitTracerError {
  return new CircuitTracerError('ERR_FILE_WRITE', `Cannot write to ${path}: ${reason}.`);
}

/**
 * Graph files require both `--slug` and `--graph-file-dir`.
 *
 * @throws CircuitTracerError `ERR_INVALID_ARGUMENT` for a slug that is not a valid file name.
 */
export function resolveGraphFiles(
  slug: string | undefined,
  directory: string | undefined,
  warn: (message: string) => void,
): Outputs['graphFiles'] {
  if (slug !== undefined && directory !== undefined)
    return { slug: checkSlug(slug), directory: absolutePath(directory) };
  const [given, missing] = slug === undefined ? ['--graph-file-dir', '--slug'] : ['--slug', '--graph-file-dir'];
  if (slug !== directory) warn(`${given} was given without ${missing}. Graph files require both, so none are written.`);
  return undefined;
}
