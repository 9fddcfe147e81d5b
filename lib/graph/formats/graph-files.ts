import { join } from 'node:path';
import { checkSlug } from '../../graph-file/slug';
import { makeFolder, writeFileAtomically } from '../../io/files';
import { checkText } from '../../validate';
import type { Graph, PrunedGraph } from '../graph';
import { graphBytes, graphContent } from './graph-content';
import type { GraphJsonOptions } from './graph-json-options';
import { updateGraphList } from './graph-list';

export interface GraphFileOptions extends GraphJsonOptions {
  /** The name of the graph in its file name and URL: letters, digits, `_`, `.`, `-`. */
  readonly slug: string;
  /** The folder for `<slug>.json` and `graph-metadata.json`. It is created if missing. */
  readonly directory: string;
}

export interface GraphFilesWritten {
  readonly graphFile: string;
  readonly nodes: number;
  readonly links: number;
  readonly bytes: number;
}

/** The implementation of the package's function of this name. */
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
