import { basename, dirname, extname } from 'node:path';
import { CircuitTracerError } from '../errors';
import { lazy } from '../lazy';
import { checkOptions, checkText } from '../validate';
import { type GraphJsonOptions, writeGraphFiles } from './formats';
import { Graph, type LoadGraphOptions } from './graph';
import { pruneOptions } from './prune-options';

const files = lazy(() => require('./formats/saved-graph') as typeof import('./formats/saved-graph'));

export type ConvertGraphOptions = LoadGraphOptions & Omit<GraphJsonOptions, 'slug'>;

/**
 * Write a saved graph in another format, chosen by the extension of `to`. `.safetensors` and `.pt` hold the whole
 * graph. `.json` is a graph file for the page. It is pruned by the thresholds, named after the file, and listed in
 * `graph-metadata.json` in the same folder.
 *
 * @example
 * await convertGraph('dallas.pt', 'graphs/dallas.json', { nodeThreshold: 0.7 });
 *
 * @throws CircuitTracerError `ERR_INVALID_ARGUMENT` for another extension, or for content that the format cannot hold;
 * `ERR_FILE_FORMAT` for a file that is not a whole graph, such as a graph file; the errors of reading, pruning and
 * writing.
 */
export async function convertGraph(from: string, to: string, options: ConvertGraphOptions = {}): Promise<void> {
  const { tokenizer, ...fileOptions } = options;
  checkOptions(options, ['tokenizer', ...Object.keys(pruneOptions), 'scan', 'view', 'info', 'neuronpedia']);
  const { graphExtensions } = files();
  const extension = extname(checkText(to, 'to'));
  if (extension !== '.json' && !graphExtensions.includes(extension)) {
    throw new CircuitTracerError(
      'ERR_INVALID_ARGUMENT',
      `to must end in ${graphExtensions.join(', ')} or .json; found '${to}'.`,
    );
  }
  const { signal, onProgress } = options;
  const graph = await Graph.load(from, { tokenizer, signal, onProgress });
  if (extension !== '.json') return graph.save(to, { signal, onProgress });
  await writeGraphFiles(graph, { ...fileOptions, slug: basename(to, '.json'), directory: dirname(to) });
}
