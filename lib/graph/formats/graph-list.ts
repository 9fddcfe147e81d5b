import { join } from 'node:path';
import { CircuitTracerError } from '../../errors';
import { type GraphMetadata, graphListFile } from '../../graph-file/schema';
import { readJsonFile, withFileLock, writeFileAtomically } from '../../io/files';

/** `graph-metadata.json`, the list of graphs that the page can open. */
interface GraphList {
  readonly graphs: readonly { readonly slug?: unknown }[];
}

/**
 * Write a graph with `writeGraph` and append its entry to the folder's `graph-metadata.json`, in place of an entry with
 * the same slug. One lock covers both, so that the file and its entry come from the same writer.
 *
 * @throws CircuitTracerError `ERR_FILE_FORMAT` when the list exists but is damaged, before anything is written;
 * `ERR_FILE_READ`; `ERR_FILE_WRITE`.
 */
export async function updateGraphList(
  directory: string,
  entry: GraphMetadata,
  writeGraph: () => Promise<void>,
): Promise<void> {
  const path = join(directory, graphListFile);
  await withFileLock(path, async () => {
    const list = await readGraphList(path);
    await writeGraph();
    const others = list.graphs.filter(({ slug }) => slug !== entry.slug);
    await writeFileAtomically(path, `${JSON.stringify({ ...list, graphs: [...others, entry] }, null, 2)}\n`);
  });
}

async function readGraphList(path: string): Promise<GraphList> {
  let list: unknown;
  try {
    list = await readJsonFile(path);
  } catch (error) {
    if (error instanceof CircuitTracerError && error.code === 'ERR_FILE_NOT_FOUND') return { graphs: [] };
    throw error;
  }
  if (isGraphList(list)) return list;
  throw new CircuitTracerError(
    'ERR_FILE_FORMAT',
    `Expected ${path} to be {"graphs": [...]} with an object for each graph, found something else. Nothing was ` +
      `written. Repair or move the file.`,
  );
}

function isGraphList(value: unknown): value is GraphList {
  const graphs = (value as GraphList | null)?.graphs;
  return Array.isArray(graphs) && graphs.every((graph) => typeof graph === 'object' && graph !== null);
}
