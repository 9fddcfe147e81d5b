import { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import type { GraphMetadata, LinkRecord, NodeRecord, QParams } from '../../graph-file/schema';
import { inTurns } from '../../turns';
import type { Graph, PrunedGraph } from '../graph';
import { type GraphContent, graphBytes, graphContent, links, nodeInfluences, nodeRecords } from './graph-content';
import type { GraphJsonOptions } from './graph-json-options';

/** The content of a graph file, with the field names that the page and Neuronpedia read. */
export interface GraphJson {
  readonly metadata: GraphMetadata;
  /** The initial view of the page. */
  readonly qParams: QParams;
  readonly nodes: readonly NodeRecord[];
  readonly links: readonly LinkRecord[];
  /** The influence of each node except the outputs on the outputs of the whole graph, by id. */
  readonly node_influence: Readonly<Record<string, number>>;
}

/** The implementation of the package's function of this name. */
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

/** The implementation of the package's function of this name. */
export async function graphJsonStream(graph: Graph | PrunedGraph, options: GraphJsonOptions = {}): Promise<Readable> {
  const content = await graphContent(graph, options);
  return Readable.from(inBetween(graphBytes(content)), { objectMode: false });
}

/** Let the event loop run between two chunks, however fast they are read. */
async function* inBetween(chunks: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    yield chunk;
    await setImmediate();
  }
}
