import { extname } from 'node:path';
import { CircuitTracerError } from '../errors';
import { Graph } from '../graph/graph';
import { type FeatureLabels, labelKey } from '../graph-file/labels';
import { labelsOfGraphFile } from '../graph-file/page-labels';
import { type FileNode, readMetadata, readNodes } from '../graph-file/read';
import { readJsonObject } from '../io/files';
import { isObject } from '../is-object';

/** A feature of a graph that has no label. */
export interface Unlabelled {
  readonly layer: number;
  readonly feature: number;
  /** The positions where the feature is active in the graph, strongest first. The activation is null if unknown. */
  readonly places: readonly Place[];
}

export interface Place {
  readonly position: number;
  readonly token: string;
  readonly activation: number | null;
}

/** The labelled and unlabelled features of a graph. */
export interface LabelledGraph {
  readonly scan: string;
  readonly labels: FeatureLabels;
  /** Each unlabelled feature once, most influential first. */
  readonly unlabelled: readonly Unlabelled[];
}

type Node = Place & { readonly key: string };

/**
 * The features without a label in a graph file, or in a saved graph, which is pruned first.
 *
 * @param extraLabels additional labels, besides the graph's own
 * @throws CircuitTracerError `ERR_FILE_FORMAT` for a graph file without nodes; also the errors of reading and pruning.
 */
export async function findUnlabelled(
  path: string,
  extraLabels: FeatureLabels,
  thresholds: { nodeThreshold: number; edgeThreshold: number; signal: AbortSignal },
): Promise<LabelledGraph> {
  if (extname(path) === '.json') return ofGraphFile(await readJsonObject(path), extraLabels, path);
  const graph = await Graph.load(path);
  const top = await (await graph.prune(thresholds)).topFeatures(graph.nSelected, { signal: thresholds.signal });
  const nodes = top.map(({ node: { layer, feature, position, activation } }) => ({
    key: labelKey({ layer, feature }),
    position,
    activation,
    token: graph.tokenStrings[position] ?? '',
  }));
  const labels = { ...graph.featureLabels, ...extraLabels };
  return { scan: String(graph.scan), labels, unlabelled: withoutLabel(nodes, labels) };
}

function ofGraphFile(file: Record<string, unknown>, extraLabels: FeatureLabels, path: string): LabelledGraph {
  const { nodes, metadata } = file;
  if (!Array.isArray(nodes) || !isObject(metadata)) {
    throw new CircuitTracerError(
      'ERR_FILE_FORMAT',
      `${path} is not a graph. Use a saved graph, or a graph file with metadata and nodes.`,
    );
  }
  const { scan, promptTokens = [] } = readMetadata(file);
  const found = readNodes(file)
    .sort(mostInfluentialFirst)
    .flatMap(({ kind, layer, feature, position, activation }): Node[] => {
      if (kind !== 'feature' || feature === undefined) return [];
      const token = promptTokens[position] ?? '';
      const known = Number.isNaN(activation) ? null : activation;
      return [{ key: labelKey({ layer, feature }), position, token, activation: known }];
    });
  const labels = { ...labelsOfGraphFile(file), ...extraLabels };
  return { scan, labels, unlabelled: withoutLabel(found, labels) };
}

/** Influence is cumulative, so a small value means an important node. */
function mostInfluentialFirst(a: FileNode, b: FileNode): number {
  const rank = ({ influence }: FileNode) => (Number.isNaN(influence) ? 1 : influence);
  return rank(a) - rank(b);
}

function withoutLabel(nodes: readonly Node[], labels: FeatureLabels): Unlabelled[] {
  const features = new Map<string, Place[]>();
  for (const { key, ...place } of nodes) {
    if (labels[key] !== undefined) continue;
    features.set(key, [...(features.get(key) ?? []), place]);
  }
  return [...features].map(([key, places]) => {
    const [layer, feature] = key.split(':').map(Number) as [number, number];
    return { layer, feature, places };
  });
}
