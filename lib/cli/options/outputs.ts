import { open, stat, unlink } from 'node:fs/promises';
import { dirname, extname, join } from 'node:path';
import { CircuitTracerError } from '../../errors';
import { graphExtensions } from '../../graph/formats/saved-graph';
import { checkSlug } from '../../graph-file/slug';
import { absolutePath } from '../../io/absolute-path';
import { makeFolder } from '../../io/files';
import { temporaryPath } from '../../io/temporary-name';
import { UsageError } from '../runtime/exit';

/** Where a command writes. */
export interface Outputs {
  /** The whole graph, in safetensors or PyTorch's format. */
  readonly graphPath: string | undefined;
  /** Graph files for the page: both or neither. */
  readonly graphFiles: { readonly slug: string; readonly directory: string } | undefined;
}

/**
 * Find out before the long work that its results can be written. Makes the folder of graph files.
 *
 * @throws UsageError for another extension than .safetensors and .pt.
 * @throws CircuitTracerError `ERR_FILE_WRITE` saying which folder is missing or can't be written.
 */
export async function checkOutputs({ graphPath, graphFiles }: Outputs): Promise<void> {
  if (graphPath !== undefined && !graphExtensions.includes(extname(graphPath))) {
    throw new UsageError(`--graph-output-path must end in ${graphExtensions.join(' or ')}; found '${graphPath}'.`);
  }
  // First the folder that is made when missing: the graph may go there, too.
  if (graphFiles) {
    await makeFolder(graphFiles.directory);
    await checkFile(join(graphFiles.directory, `${graphFiles.slug}.json`));
  }
  if (graphPath !== undefined) await checkFile(graphPath);
}

/** @throws CircuitTracerError `ERR_FILE_WRITE` when the file can't be written, before the work that makes it. */
export async function checkFile(path: string): Promise<void> {
  const target = absolutePath(path);
  const existing = await stat(target).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENAMETOOLONG')
      throw unwritable(path, 'the name is too long for the file system; choose another');
  });
  if (existing?.isDirectory()) throw unwritable(path, 'it is a folder; give the name of a file');
  await checkFolder(dirname(target), temporaryPath(target));
}

/**
 * Only trying tells: permissions don't show read-only file systems, nor what root may do.
 *
 * @param probe the kind of name that the file has until it is whole
 */
async function checkFolder(folder: string, probe: string): Promise<void> {
  const status = await stat(folder).catch(() => undefined);
  if (!status) throw unwritable(folder, "the folder doesn't exist; make it first, or choose another path");
  if (!status.isDirectory()) throw unwritable(folder, 'it is a file, not a folder');
  try {
    await (await open(probe, 'wx')).close();
    await unlink(probe);
  } catch (error) {
    throw unwritable(folder, `the folder can't be written: ${(error as Error).message}`);
  }
}

function unwritable(path: string, reason: string): CircuitTracerError {
  return new CircuitTracerError('ERR_FILE_WRITE', `Can't write to ${path}: ${reason}.`);
}

/**
 * `--slug` and `--graph-file-dir` make graph files only together.
 *
 * @throws CircuitTracerError `ERR_INVALID_ARGUMENT` for a slug that can't name a file.
 */
export function graphFilesOf(
  slug: string | undefined,
  directory: string | undefined,
  warn: (message: string) => void,
): Outputs['graphFiles'] {
  if (slug !== undefined && directory !== undefined)
    return { slug: checkSlug(slug), directory: absolutePath(directory) };
  const [given, missing] = slug === undefined ? ['--graph-file-dir', '--slug'] : ['--slug', '--graph-file-dir'];
  if (slug !== directory) warn(`${given} without ${missing}: graph files need both, so none are written.`);
  return undefined;
}
