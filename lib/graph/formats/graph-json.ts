import { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import type { GraphMetadata, LinkRecord, NodeRecord, QParams } from '../../graph-file/schema';
import { inTurns } from '../../turns';
import type { Graph } from '../graph';
import type { PrunedGraph } from '../prune';
import { type GraphContent, graphBytes, graphContent, links, nodeInfluences, nodeRecords } from './graph-content';
import type { GraphJsonOptions } from './graph-json-options';

/** What a graph file holds, in the names that the page and Neuronpedia read. */
export interface GraphJson {
  readonly metadata: GraphMetadata;
  /** What the page shows at first. */
  readonly qParams: QParams;
  readonly nodes: readonly NodeRecord[];
  readonly links: readonly LinkRecord[];
  /** Influence on the outputs in the whole graph of each node but the outputs, by id. */
  readonly node_influence: Readonly<Record<string, number>>;
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
  const content = await graphContent(graph, options);
  return inTurns(assembled(content), content.call.signal);
}

function* assembled(content: GraphContent): Generator<void, GraphJson> {
  const file = { nodes: [] as NodeRecord[], links: [] as LinkRecord[] };
  for (const node of nodeRecords(content)) yield void file.nodes.push(node);
  for (const link of links(content)) yield void file.links.push(link);
  const { metadata, view } = content;
  return { metadata, qParams: view, ...file, node_influence: Object.fromEntries(nodeInfluences(content)) };
}

/**
 * The same as a stream of UTF-8 JSON text, made as it is read, for graphs too large to hold as one string. The promise
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
  const content = await graphContent(graph, options);
  return Readable.from(inBetween(graphBytes(content)), { objectMode: false });
}

/** The event loop runs between two chunks, however fast they are read. */
async function* inBetween(chunks: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    yield chunk;
    await setImmediate();
  }
}
