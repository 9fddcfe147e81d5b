import { join } from 'node:path';
import { checkSlug } from '../../graph-file/slug';
import { makeFolder, writeFileAtomically } from '../../io/files';
import { checkText } from '../../validate';
import type { Graph } from '../graph';
import type { PrunedGraph } from '../prune';
import { graphBytes, graphContent } from './graph-content';
import type { GraphJsonOptions } from './graph-json-options';
import { updateGraphList } from './graph-list';

export interface GraphFileOptions extends GraphJsonOptions {
  /** Names the graph, its file and its address: letters, digits, `_`, `.`, `-`. */
  readonly slug: string;
  /** Folder for `<slug>.json` and `graph-metadata.json`; made when missing. */
  readonly directory: string;
}

export interface GraphFilesWritten {
  readonly graphFile: string;
  readonly nodes: number;
  readonly links: number;
  readonly bytes: number;
}

/**
 * Write a graph where the page and Neuronpedia read it: `<slug>.json`, and its entry in `graph-metadata.json`, in place of
 * an entry of the same slug. A whole graph is pruned first, by the thresholds among the options (0.8 and 0.98); a pruned
 * one is written as it is. Each file is replaced at once when complete; several processes may write to one folder.
 *
 * @throws CircuitTracerError `ERR_INVALID_ARGUMENT` for a bad slug, scan or threshold; `ERR_FILE_WRITE`;
 * `ERR_FILE_FORMAT` when `graph-metadata.json` is there and broken, in which case nothing is written; or what
 * {@link Graph.prune} throws.
 *
 * @example
 * await writeGraphFiles(graph, { slug: 'dallas', directory: 'graphs' });
 */
export async function writeGraphFiles(
  graph: Graph | PrunedGraph,
  options: GraphFileOptions,
): Promise<GraphFilesWritten> {
  const { slug, directory } = options;
  checkSlug(slug);
  checkText(directory, 'directory');
  const content = await graphContent(graph, options, ['directory']);
  const graphFile = join(directory, `${slug}.json`);
  await makeFolder(directory);
  let bytes = 0;
  await updateGraphList(directory, content.metadata, () =>
    writeFileAtomically(graphFile, async (handle) => {
      for await (const chunk of graphBytes(content)) {
        await handle.appendFile(chunk);
        bytes += chunk.length;
      }
    }),
  );
  return { graphFile, nodes: content.nodes.length, links: content.pruned.nEdges, bytes };
}
