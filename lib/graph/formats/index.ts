import type { Readable } from 'node:stream';
import { lazy } from '../../lazy';
import type { Graph } from '../graph';
import type { PrunedGraph } from '../prune';
import type { GraphFileOptions, GraphFilesWritten } from './graph-files';
import type { GraphJson } from './graph-json';
import type { GraphJsonOptions } from './graph-json-options';

const files = lazy(() => require('./graph-files') as typeof import('./graph-files'));
const json = lazy(() => require('./graph-json') as typeof import('./graph-json'));

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
  return files().writeGraphFiles(graph, options);
}

/**
 * The graph as the page reads it, as an object of plain JSON values: what `writeGraphFiles` writes, without writing it.
 *
 * A whole graph is pruned first, by the thresholds among the options (0.8 and 0.98); a pruned one is taken as it is.
 *
 * @throws CircuitTracerError `ERR_INVALID_ARGUMENT` for a bad option, and what {@link Graph.prune} throws.
 *
 * @example
 * response.json(await graphJson(await model.attribute(prompt), { slug: 'dallas' }));
 */
export async function graphJson(graph: Graph | PrunedGraph, options: GraphJsonOptions = {}): Promise<GraphJson> {
  return json().graphJson(graph, options);
}

/**
 * What {@link graphJson} gives as a stream of UTF-8 JSON text, made as it is read, for graphs too large to hold as one string. The promise
 * settles before the first byte, so that a bad option or a failure of pruning can still become an answer of its own.
 *
 * It is a Node stream; `Readable.toWeb` of `node:stream` makes one for `Response`.
 *
 * @throws CircuitTracerError as {@link graphJson}. The stream ends with an error of code `ABORT_ERR` when the signal fires
 * while it is read, and `ERR_INVALID_ARGUMENT` when a file for Neuronpedia grows too large.
 *
 * @example
 * const stream = await graphJsonStream(graph, { slug: 'dallas' });
 * await pipeline(stream, response);
 */
export async function graphJsonStream(graph: Graph | PrunedGraph, options: GraphJsonOptions = {}): Promise<Readable> {
  return json().graphJsonStream(graph, options);
}

export type { GraphFileOptions } from './graph-files';
export type { GraphJson } from './graph-json';
export type { GraphJsonOptions } from './graph-json-options';
