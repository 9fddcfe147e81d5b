import { basename, dirname, extname } from 'node:path';
import { callOptionNames } from '../call-options';
import { CircuitTracerError } from '../errors';
import { lazy } from '../lazy';
import { checkOptions, checkText } from '../validate';
import { type GraphJsonOptions, writeGraphFiles } from './formats';
import { Graph, type LoadGraphOptions } from './graph';

const files = lazy(() => require('./formats/saved-graph') as typeof import('./formats/saved-graph'));

export type ConvertGraphOptions = LoadGraphOptions & Omit<GraphJsonOptions, 'slug'>;

/**
 * Write a saved graph in another format, which the extension of `to` says. `.safetensors` and `.pt` hold the whole graph.
 * `.json` is a graph file for the page, pruned by the thresholds and named after the file, with its entry in
 * `graph-metadata.json` beside it.
 *
 * @example
 * await convertGraph('dallas.pt', 'graphs/dallas.json', { nodeThreshold: 0.7 });
 *
 * @throws CircuitTracerError `ERR_INVALID_ARGUMENT` for another extension, or what the format can't hold; `ERR_FILE_FORMAT` for
 * a file that isn't a whole graph, as graph files are; and what reading, pruning and writing throw.
 */
export async function convertGraph(from: string, to: string, options: ConvertGraphOptions = {}): Promise<void> {
  const { tokenizer, ...fileOptions } = options;
  checkOptions(options, [
    'tokenizer',
    'nodeThreshold',
    'edgeThreshold',
    ...callOptionNames,
    'scan',
    'view',
    'info',
    'neuronpedia',
  ]);
  const { graphExtensions } = files();
  const extension = extname(checkText(to, 'to'));
  if (extension !== '.json' && !graphExtensions.includes(extension)) {
    throw new CircuitTracerError(
      'ERR_INVALID_ARGUMENT',
      `A graph is written as ${graphExtensions.join(', ')} or .json; found '${to}'.`,
    );
  }
  const { signal, onProgress } = options;
  const graph = await Graph.load(from, { tokenizer, signal, onProgress });
  if (extension !== '.json') return graph.save(to, { signal, onProgress });
  await writeGraphFiles(graph, { ...fileOptions, slug: basename(to, '.json'), directory: dirname(to) });
}
