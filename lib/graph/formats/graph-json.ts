import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { CircuitTracerError } from '../../errors';
import { writeFileAtomically } from '../../io/files';
import { checkNotAborted, checkOptions, checkText, describe } from '../../validate';
import type { Graph, PruneOptions } from '../graph';
import { nodeId } from '../nodes';
import type { PrunedGraph, PrunedNode } from '../prune';
import { checkSlug } from '../slug';
import { updateGraphList } from './graph-list';
import { nodeRecord } from './node-record';

export interface GraphFileOptions {
  /** Names the graph, its file and its address: letters, digits, `_`, `.`, `-`. */
  slug: string;
  /** Folder for `<slug>.json` and `graph-metadata.json`; made when missing. */
  directory: string;
  /** Which transcoders the page reads features of: one name, or one per layer. Default: the graph's own. */
  scan?: string | readonly string[];
  /** What the page shows at first: pinned nodes and groups `[label, id, ...]`, by node id. Default: nothing. */
  view?: GraphFileView;
}

export interface GraphFileView {
  readonly pinnedIds?: readonly string[];
  readonly supernodes?: readonly (readonly string[])[];
}

export interface GraphFilesWritten {
  readonly graphFile: string;
  readonly nodes: number;
  readonly links: number;
}

/** `metadata` of a graph file, and the graph's entry in `graph-metadata.json`. */
export interface GraphMetadata {
  slug: string;
  scan: string;
  /** One name per layer when `scan` is `custom-<hash>`, otherwise empty. */
  transcoder_list: readonly string[];
  prompt_tokens: readonly string[];
  prompt: string;
  node_threshold: number;
  /** 1: `feature` pairs layer and index. */
  schema_version: 1;
  generation_settings: Record<string, unknown>;
  pruning_settings: { node_threshold: number; edge_threshold: number };
  info: { generator: { name: string; version: string } };
}

/**
 * Prune a graph and write it where the page and Neuronpedia read it: `<slug>.json`, and its entry in
 * `graph-metadata.json`, in place of an entry of the same slug. Each file is replaced at once when complete; several
 * processes may write to one folder.
 *
 * @throws CircuitTracerError `ERR_INVALID_ARGUMENT` for a bad slug, scan or threshold; `ERR_FILE_WRITE`;
 * `ERR_FILE_FORMAT` when `graph-metadata.json` is there and broken, in which case nothing is written; or what
 * {@link Graph.prune} throws.
 */
export async function writeGraphFiles(
  graph: Graph,
  options: GraphFileOptions & PruneOptions,
): Promise<GraphFilesWritten> {
  checkOptions(options, ['slug', 'directory', 'scan', 'view', 'nodeThreshold', 'edgeThreshold', 'signal']);
  const { nodeThreshold, edgeThreshold, signal, ...fileOptions } = options;
  checkFileOptions(graph, fileOptions);
  const pruned = await graph.prune({ nodeThreshold, edgeThreshold, signal });
  checkNotAborted(signal);
  return writePrunedGraphFiles(pruned, fileOptions);
}

/** The same for a graph pruned already. */
export async function writePrunedGraphFiles(
  pruned: PrunedGraph,
  options: GraphFileOptions,
): Promise<GraphFilesWritten> {
  checkOptions(options, ['slug', 'directory', 'scan', 'view']);
  checkFileOptions(pruned.graph, options);
  const { slug, directory, scan = pruned.graph.scan } = options;
  const metadata = graphMetadata(pruned, slug, scan);
  const nodes = connectedNodes(pruned);
  const graphFile = join(directory, `${slug}.json`);
  await makeFolder(directory);
  const chunks = inChunks(graphText(pruned, metadata, nodes, options.view));
  await updateGraphList(directory, metadata, () =>
    writeFileAtomically(graphFile, async (handle) => {
      for (const chunk of chunks) await handle.appendFile(chunk);
    }),
  );
  return { graphFile, nodes: nodes.length, links: pruned.nEdges };
}

function checkFileOptions(graph: Graph, { slug, directory, scan = graph.scan }: GraphFileOptions): void {
  checkSlug(slug);
  checkText(directory, 'directory');
  const names = typeof scan === 'string' ? [scan] : scan;
  if (Array.isArray(names) && names.length > 0 && names.every((name) => typeof name === 'string' && name !== ''))
    return;
  throw new CircuitTracerError(
    'ERR_INVALID_ARGUMENT',
    `scan must name the transcoders, by one name or one per layer, so that the page finds their features; found ` +
      `${describe(scan)}. Give the option scan.`,
  );
}

async function makeFolder(directory: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true });
  } catch (error) {
    const reason = (error as Error).message;
    throw new CircuitTracerError(
      'ERR_FILE_WRITE',
      `Can't make the folder '${directory}' for graph files (${reason}). Give a folder that can be written to.`,
      { cause: error },
    );
  }
}

function graphMetadata(pruned: PrunedGraph, slug: string, scan: string | readonly string[]): GraphMetadata {
  const { graph, thresholds } = pruned;
  return {
    slug,
    scan: typeof scan === 'string' ? scan : customScan(scan),
    transcoder_list: typeof scan === 'string' ? [] : scan,
    prompt_tokens: graph.tokenStrings,
    prompt: graph.prompt,
    node_threshold: thresholds.nodeThreshold,
    schema_version: 1,
    generation_settings: snakeCase(graph.settings),
    pruning_settings: { node_threshold: thresholds.nodeThreshold, edge_threshold: thresholds.edgeThreshold },
    info: { generator: { name: 'circuit-tracer', version: graph.packageVersion } },
  };
}

/** `custom-` and 16 hexadecimal digits: the same for the same list, on every machine. */
export function customScan(transcoders: readonly string[]): string {
  const hash = createHash('sha256').update(JSON.stringify(transcoders)).digest('hex');
  return `custom-${hash.slice(0, 16)}`;
}

/** Graph files spell settings `max_n_logits`, and readers that check types know no null: what isn't set is left out. */
function snakeCase(settings: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const spell = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  const set = Object.entries(settings).filter(([, value]) => value != null);
  return Object.fromEntries(set.map(([name, value]) => [spell(name), value]));
}

/** Features and errors without an edge are left out; tokens and logits never are. */
function connectedNodes(pruned: PrunedGraph): PrunedNode[] {
  const connected = new Uint8Array(pruned.graph.nNodes);
  for (const node of pruned.edgeTargets) connected[node] = 1;
  for (const node of pruned.edgeSources) connected[node] = 1;
  return pruned.nodes().filter(({ kind, index }) => kind === 'token' || kind === 'logit' || connected[index]);
}

/** The file's text in pieces: one line per node and link. */
function* graphText(
  pruned: PrunedGraph,
  metadata: GraphMetadata,
  nodes: readonly PrunedNode[],
  given: GraphFileView = {},
): Generator<string> {
  const { graph, edgeSources, edgeTargets, edgeWeights } = pruned;
  const ids = new Map(nodes.map((node) => [node.index, nodeId(node, graph.nLayers)]));
  const view = { pinnedIds: [], supernodes: [], linkType: 'both', clickedId: '', sg_pos: '', ...given };
  yield `{\n"metadata": ${JSON.stringify(metadata, null, 2)},\n"qParams": ${JSON.stringify(view)},\n"nodes": [`;
  let separator = '\n';
  for (const node of nodes) {
    yield separator + JSON.stringify(nodeRecord(node, graph.nLayers));
    separator = ',\n';
  }
  yield '\n],\n"links": [';
  separator = '\n';
  for (let edge = 0; edge < edgeWeights.length; edge++) {
    const source = ids.get(edgeSources[edge] as number);
    const target = ids.get(edgeTargets[edge] as number);
    yield separator + JSON.stringify({ source, target, weight: edgeWeights[edge] });
    separator = ',\n';
  }
  yield '\n]\n}\n';
}

/** Pieces joined to about a megabyte: one write each, and the event loop runs in between. */
function* inChunks(pieces: Iterable<string>): Generator<string> {
  let chunk: string[] = [];
  let length = 0;
  for (const piece of pieces) {
    chunk.push(piece);
    length += piece.length;
    if (length < 2 ** 20) continue;
    yield chunk.join('');
    [chunk, length] = [[], 0];
  }
  yield chunk.join('');
}
