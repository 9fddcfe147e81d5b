import { createHash } from 'node:crypto';
import { type ResolvedCallOptions, resolveCallOptions } from '../../call-options';
import { CircuitTracerError } from '../../errors';
import { graphMetadata } from '../../graph-file/metadata';
import { maxUploadBytes } from '../../graph-file/neuronpedia';
import { nodeRecord } from '../../graph-file/record';
import type { GraphMetadata, LinkRecord, NodeRecord, QParams } from '../../graph-file/schema';
import { blankView } from '../../graph-file/view';
import { Phase } from '../../progress';
import { checkNotAborted, checkOptions } from '../../validate';
import type { Graph, PrunedGraph } from '../graph';
import { PrunedGraphOf, type PrunedNode } from '../prune';
import type { PruneOptions } from '../prune-options';
import { checkContent, type GraphJsonOptions, graphJsonNames } from './graph-json-options';

/** The content of a graph file before it becomes text. */
export interface GraphContent {
  readonly pruned: PrunedGraph;
  readonly metadata: GraphMetadata;
  readonly view: QParams;
  readonly nodes: readonly PrunedNode[];
  /** [M] the influence of each node of the whole graph */
  readonly influence: Float32Array;
  readonly call: ResolvedCallOptions;
  /** The maximum size of the file in bytes. */
  readonly most: number;
}

/**
 * Prune the graph unless it is pruned already, and collect the content of its file.
 *
 * @param otherNames names of additional options, which the caller checks
 * @throws CircuitTracerError `ERR_INVALID_ARGUMENT` for an invalid slug, scan, view or threshold; the errors of
 * pruning.
 */
export async function graphContent(
  graph: Graph | PrunedGraph,
  options: GraphJsonOptions,
  otherNames: readonly string[] = [],
): Promise<GraphContent> {
  checkOptions(options, [...graphJsonNames, ...otherNames]);
  const { signal, onProgress, slug = 'graph' } = options;
  const call = resolveCallOptions({ signal, onProgress });
  const whole = graph instanceof PrunedGraphOf ? graph.graph : graph;
  const { scan = whole.scan } = options;
  const neuronpedia = checkContent(slug, scan, options);
  const pruned = await prunedGraph(graph, options);
  // Lists of graphs show when each was created.
  const info = { ...(neuronpedia && { createTime: Date.now() }), ...options.info };
  return {
    pruned,
    metadata: graphMetadata(pruned, { slug, scan, customScan, info, neuronpedia }),
    view: { ...blankView, ...options.view },
    nodes: connectedNodes(pruned),
    influence: await whole.nodeInfluence({ signal }),
    call,
    most: neuronpedia ? maxUploadBytes : Number.POSITIVE_INFINITY,
  };
}

function prunedGraph(graph: Graph | PrunedGraph, options: PruneOptions): Promise<PrunedGraph> | PrunedGraph {
  const { nodeThreshold, edgeThreshold, signal, onProgress } = options;
  if (!(graph instanceof PrunedGraphOf)) return graph.prune({ nodeThreshold, edgeThreshold, signal, onProgress });
  if (nodeThreshold === undefined && edgeThreshold === undefined) return graph;
  throw new CircuitTracerError(
    'ERR_INVALID_ARGUMENT',
    'nodeThreshold and edgeThreshold apply only to a whole graph, but this graph is pruned. Omit them.',
  );
}

/** Features and errors without an edge are omitted. Tokens and logits are always included. */
function connectedNodes(pruned: PrunedGraph): PrunedNode[] {
  const connected = new Uint8Array(pruned.graph.nNodes);
  for (const node of pruned.edgeTargets) connected[node] = 1;
  for (const node of pruned.edgeSources) connected[node] = 1;
  return pruned.nodes(({ kind, index }) => kind === 'token' || kind === 'logit' || connected[index]);
}

export function* nodeRecords({ pruned, nodes }: GraphContent): Generator<NodeRecord> {
  for (const node of nodes) yield nodeRecord(node, pruned.graph.nLayers);
}

export function* links({ pruned, nodes }: GraphContent): Generator<LinkRecord> {
  const { edgeSources, edgeTargets, edgeWeights } = pruned;
  const ids = new Map(nodes.map(({ index, id }) => [index, id]));
  for (let edge = 0; edge < edgeWeights.length; edge++) {
    const [source, target] = [edgeSources[edge] as number, edgeTargets[edge] as number];
    const weight = edgeWeights[edge] as number;
    yield { source: ids.get(source) as string, target: ids.get(target) as string, weight };
  }
}

/**
 * The influence of each node except the logits on the outputs of the whole graph, by id. Only this package's page reads
 * it.
 */
export function* nodeInfluences({ nodes, influence }: GraphContent): Generator<[string, number]> {
  for (const { kind, id, index } of nodes) if (kind !== 'logit') yield [id, influence[index] as number];
}

/** The text of the file as chunks of bytes, with one line per node and edge. Progress counts the lines. */
export async function* graphBytes(content: GraphContent): AsyncGenerator<Buffer> {
  const { nodes, pruned, call, most } = content;
  const progress = new Phase(call.onProgress, 'write', nodes.length + pruned.nEdges);
  let bytes = 0;
  for (const { text, lines } of inChunks(graphText(content))) {
    checkNotAborted(call.signal);
    const chunk = Buffer.from(text);
    bytes += chunk.length;
    if (bytes > most) throw tooLarge();
    yield chunk;
    progress.add(lines);
  }
  progress.end();
}

function* graphText(content: GraphContent): Generator<string> {
  const { metadata, view } = content;
  yield `{\n"metadata": ${JSON.stringify(metadata, null, 2)},\n"qParams": ${JSON.stringify(view)},\n"nodes": [`;
  yield* lines(nodeRecords(content));
  yield '\n],\n"links": [';
  yield* lines(links(content));
  const known = Array.from(nodeInfluences(content), ([id, influence]) => `${JSON.stringify(id)}: ${influence}`);
  yield `\n],\n"node_influence": {\n${known.join(',\n')}\n}\n}\n`;
}

function* lines(entries: Iterable<object>): Generator<string> {
  let separator = '\n';
  for (const entry of entries) {
    yield separator + JSON.stringify(entry);
    separator = ',\n';
  }
}

/** Join text into chunks that take a few milliseconds each. The event loop runs between them, and each is one write. */
function* inChunks(pieces: Iterable<string>): Generator<{ text: string; lines: number }> {
  let chunk: string[] = [];
  let length = 0;
  for (const piece of pieces) {
    chunk.push(piece);
    length += piece.length;
    if (length < 2 ** 17) continue;
    yield { text: chunk.join(''), lines: chunk.length };
    [chunk, length] = [[], 0];
  }
  yield { text: chunk.join(''), lines: chunk.length };
}

function tooLarge(): CircuitTracerError {
  return new CircuitTracerError(
    'ERR_INVALID_ARGUMENT',
    `Neuronpedia accepts graph files of at most ${maxUploadBytes / 2 ** 20} MiB, but this file would be larger. Keep less of ` +
      'the graph with a lower nodeThreshold or edgeThreshold.',
  );
}

/** `custom-` and 16 hexadecimal digits, which are the same for the same list on every machine. */
function customScan(transcoders: readonly string[]): string {
  const hash = createHash('sha256').update(JSON.stringify(transcoders)).digest('hex');
  return `custom-${hash.slice(0, 16)}`;
}
