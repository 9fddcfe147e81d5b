import type { Readable } from 'node:stream';
import { lazy } from '../../lazy';
import type { Graph, PrunedGraph } from '../graph';
import type { GraphFileOptions, GraphFilesWritten } from './graph-files';
import type { GraphJson } from './graph-json';
import type { GraphJsonOptions } from './graph-json-options';

const files = lazy(() => require('./graph-files') as typeof import('./graph-files'));
const json = lazy(() => require('./graph-json') as typeof import('./graph-json'));

/**
 * Write a graph file for the page and Neuronpedia: `<slug>.json`, with an entry in `graph-metadata.json` that replaces
 * one of the same slug. A whole graph is first pruned by the thresholds in the options (0.8 and 0.98). A pruned graph
 * is written unchanged. Each file is replaced atomically. Several processes may write to one folder.
 *
 * @throws CircuitTracerError `ERR_INVALID_ARGUMENT` for an invalid slug, scan or threshold; `ERR_FILE_WRITE`;
 * `ERR_FILE_FORMAT` when `graph-metadata.json` exists but is damaged, in which case nothing is written; or the errors
 * of {@link Graph.prune}.
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
 * Returns the content of a graph file as an object of plain JSON values, without writing it.
 *
 * A whole graph is first pruned by the thresholds in the options (0.8 and 0.98). A pruned graph is used unchanged.
 *
 * @throws CircuitTracerError `ERR_INVALID_ARGUMENT` for an invalid option, and the errors of {@link Graph.prune}.
 *
 * @example
 * response.json(await graphJson(await model.attribute(prompt), { slug: 'dallas' }));
 */
export async function graphJson(graph: Graph | PrunedGraph, options: GraphJsonOptions = {}): Promise<GraphJson> {
  return json().graphJson(graph, options);
}

/**
 * Returns the same content as {@link graphJson} as a stream of UTF-8 JSON text, for graphs that are too large for one
 * string. The text is produced as it is read. The promise settles before the first byte, so that the caller can still
 * respond with an error.
 *
 * It is a Node stream. Use `Readable.toWeb` of `node:stream` to get one for `Response`.
 *
 * @throws CircuitTracerError as {@link graphJson}. The stream ends with the error `ABORT_ERR` when the signal fires
 * during reading, or `ERR_INVALID_ARGUMENT` when a file for Neuronpedia becomes too large.
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
