import { join } from 'node:path';
import { CircuitTracerError } from '../../errors';
import { type GraphMetadata, graphListFile } from '../../graph-file/schema';
import { readJsonFile, withFileLock, writeFileAtomically } from '../../io/files';

/** `graph-metadata.json`: what the page offers to open. */
interface GraphList {
  readonly graphs: readonly { readonly slug?: unknown }[];
}

/**
 * Put a graph's entry last in the folder's `graph-metadata.json`, in place of one of the same slug, after `writeGraph`
 * has written the graph. All of it under one lock, so that file and entry are of the same writer.
 *
 * @throws CircuitTracerError `ERR_FILE_FORMAT` when the file is there and broken, before anything is written;
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
    `Expected ${path} to be {"graphs": [...]} with an object for each graph; found something else. Nothing was ` +
      `written; mend the file or move it away.`,
  );
}

function isGraphList(value: unknown): value is GraphList {
  const graphs = (value as GraphList | null)?.graphs;
  return Array.isArray(graphs) && graphs.every((graph) => typeof graph === 'object' && graph !== null);
}
