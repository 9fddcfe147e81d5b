import { join } from 'node:path';
import { type CallOptions, callOptionNames, resolveCallOptions } from '../../call-options';
import { CircuitTracerError } from '../../errors';
import { type GraphFileInfo, graphMetadata } from '../../graph-file/metadata';
import { largestUpload, type NeuronpediaNames, neuronpediaNames } from '../../graph-file/neuronpedia';
import { nodeId } from '../../graph-file/node-id';
import { nodeRecord } from '../../graph-file/record';
import type { GraphMetadata } from '../../graph-file/schema';
import { checkSlug } from '../../graph-file/slug';
import { blankView } from '../../graph-file/view';
import { makeFolder, writeFileAtomically } from '../../io/files';
import { Phase } from '../../progress';
import { checkInteger, checkNotAborted, checkOptions, checkText, describe } from '../../validate';
import type { Graph, PruneOptions } from '../graph';
import type { PrunedGraph, PrunedNode } from '../prune';
import { customScan } from './custom-scan';
import { updateGraphList } from './graph-list';

export interface GraphFileOptions extends CallOptions {
  /** Names the graph, its file and its address: letters, digits, `_`, `.`, `-`. */
  slug: string;
  /** Folder for `<slug>.json` and `graph-metadata.json`; made when missing. */
  directory: string;
  /** Which transcoders the page reads features of: one name, or one per layer. Default: the graph's own. */
  scan?: string | readonly string[];
  /** What the page shows at first: pinned nodes and groups `[label, id, ...]`, by node id. Default: nothing. */
  view?: GraphFileView;
  /** What the file says of itself. Default: the program that made it, and repositories that the scan names. */
  info?: GraphFileInfo;
  /**
   * Make a file to upload to Neuronpedia: its names of the model and the features, as `{ modelId, sourceSet }` or
   * `'gemma-2-2b/gemmascope-transcoder-16k'`; true for a published set, whose names are known. Default: none.
   */
  neuronpedia?: NeuronpediaNames | string | true;
}

export interface GraphFileView {
  readonly pinnedIds?: readonly string[];
  readonly supernodes?: readonly (readonly string[])[];
}

export interface GraphFilesWritten {
  readonly graphFile: string;
  readonly nodes: number;
  readonly links: number;
  readonly bytes: number;
}

const optionNames: readonly (keyof GraphFileOptions)[] = ['slug', 'directory', 'scan', 'view', 'info', 'neuronpedia'];

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
  checkOptions(options, [...optionNames, 'nodeThreshold', 'edgeThreshold', ...callOptionNames]);
  const { nodeThreshold, edgeThreshold, ...fileOptions } = options;
  checkFileOptions(graph, fileOptions);
  const { signal, onProgress } = fileOptions;
  const pruned = await graph.prune({ nodeThreshold, edgeThreshold, signal, onProgress });
  return writePrunedGraphFiles(pruned, fileOptions);
}

/** The same for a graph pruned already. */
export async function writePrunedGraphFiles(
  pruned: PrunedGraph,
  options: GraphFileOptions,
): Promise<GraphFilesWritten> {
  const { signal, onProgress } = resolveCallOptions(options, optionNames);
  const neuronpedia = checkFileOptions(pruned.graph, options);
  const { slug, directory, scan = pruned.graph.scan } = options;
  // A gallery of graphs asks when each was made.
  const info = { ...(neuronpedia && { createTime: Date.now() }), ...options.info };
  const metadata = graphMetadata(pruned, { slug, scan, customScan, info, neuronpedia });
  const nodes = connectedNodes(pruned);
  const graphFile = join(directory, `${slug}.json`);
  await makeFolder(directory);
  const influence = await pruned.graph.nodeInfluence({ signal });
  const progress = new Phase(onProgress, 'write', nodes.length + pruned.nEdges);
  const chunks = inChunks(graphText({ pruned, metadata, nodes, influence }, options.view));
  let bytes = 0;
  await updateGraphList(directory, metadata, () =>
    writeFileAtomically(graphFile, async (handle) => {
      for (const { text, lines } of chunks) {
        checkNotAborted(signal);
        bytes += Buffer.byteLength(text);
        if (neuronpedia && bytes > largestUpload) throw tooLarge();
        await handle.appendFile(text);
        progress.add(lines);
      }
    }),
  );
  progress.end();
  return { graphFile, nodes: nodes.length, links: pruned.nEdges, bytes };
}

/** @returns Neuronpedia's names, for a file that goes there */
function checkFileOptions(graph: Graph, options: GraphFileOptions): NeuronpediaNames | undefined {
  const { slug, directory, scan = graph.scan, info = {}, neuronpedia } = options;
  checkSlug(slug);
  checkText(directory, 'directory');
  checkInfo(info);
  const names = typeof scan === 'string' ? [scan] : scan;
  const named = Array.isArray(names) && names.length > 0 && names.every((name) => typeof name === 'string' && name);
  if (named) return neuronpedia === undefined ? undefined : neuronpediaNames(scan, neuronpedia);
  throw new CircuitTracerError(
    'ERR_INVALID_ARGUMENT',
    `scan must name the transcoders, by one name or one per layer, so that the page finds their features; found ` +
      `${describe(scan)}. Give the option scan.`,
  );
}

function checkInfo(info: GraphFileInfo): void {
  const { sourceUrls, createTime, ...texts } = info;
  checkOptions(info, ['description', 'creatorName', 'creatorUrl', 'sourceUrls', 'createTime'], 'info');
  for (const [name, text] of Object.entries(texts)) if (text !== undefined) checkText(text, `info.${name}`);
  if (createTime !== undefined) checkInteger(createTime, 'info.createTime', 0);
  if (sourceUrls === undefined || (Array.isArray(sourceUrls) && sourceUrls.every((url) => typeof url === 'string'))) {
    return;
  }
  throw new CircuitTracerError(
    'ERR_INVALID_ARGUMENT',
    `info.sourceUrls must be a list of addresses; found ${describe(sourceUrls)}.`,
  );
}

function tooLarge(): CircuitTracerError {
  return new CircuitTracerError(
    'ERR_INVALID_ARGUMENT',
    `Neuronpedia takes graph files of at most ${largestUpload / 2 ** 20} MiB; this one would be larger. Keep less of ` +
      'the graph: lower nodeThreshold or edgeThreshold.',
  );
}

/** Features and errors without an edge are left out; tokens and logits never are. */
function connectedNodes(pruned: PrunedGraph): PrunedNode[] {
  const connected = new Uint8Array(pruned.graph.nNodes);
  for (const node of pruned.edgeTargets) connected[node] = 1;
  for (const node of pruned.edgeSources) connected[node] = 1;
  return pruned.nodes().filter(({ kind, index }) => kind === 'token' || kind === 'logit' || connected[index]);
}

interface FileParts {
  readonly pruned: PrunedGraph;
  readonly metadata: GraphMetadata;
  readonly nodes: readonly PrunedNode[];
  /** [M] of each node of the whole graph */
  readonly influence: Float32Array;
}

/** The file's text in pieces: one line per node and link, and at last what only this package's page reads. */
function* graphText({ pruned, metadata, nodes, influence }: FileParts, given: GraphFileView = {}): Generator<string> {
  const { graph, edgeSources, edgeTargets, edgeWeights } = pruned;
  const ids = new Map(nodes.map((node) => [node.index, nodeId(node, graph.nLayers)]));
  const view = { ...blankView, ...given };
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
  const known = nodes.filter(({ kind }) => kind !== 'logit');
  const own = known.map(({ index }) => `${JSON.stringify(ids.get(index))}: ${influence[index]}`);
  yield `\n],\n"node_influence": {\n${own.join(',\n')}\n}\n}\n`;
}

/** Pieces joined to a few milliseconds' work: one write each, and the event loop runs in between. */
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
