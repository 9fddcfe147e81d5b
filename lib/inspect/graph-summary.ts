import { resolve } from 'node:path';
import type { GraphFilesWritten } from '../graph/formats/graph-files';
import type { Graph, GraphScores, PrunedGraph } from '../graph/graph';
import type { GraphModel, LogitTarget } from '../graph/graph-data';
import type { GraphNode } from '../graph/nodes';

/** A node in a summary. */
export interface NodeSummary {
  /** The id in graph files. */
  readonly id: string;
  readonly label: string;
}

/** The summary of a graph that `--json` prints. */
export interface GraphSummary {
  readonly prompt: string;
  readonly tokens: readonly { readonly id: number; readonly token: string }[];
  readonly model: GraphModel;
  readonly scan: string | readonly string[];
  readonly packageVersion: string;
  readonly settings: Readonly<Record<string, unknown>>;
  /** In seconds. */
  readonly timings: Readonly<Record<string, number>>;
  readonly activeFeatures: number;
  readonly selectedFeatures: number;
  readonly nodes: number;
  readonly pruned: {
    readonly nodeThreshold: number;
    readonly edgeThreshold: number;
    readonly features: number;
    readonly errors: number;
    readonly tokens: number;
    readonly logits: number;
    readonly edges: number;
  };
  readonly scores: GraphScores;
  readonly logits: readonly LogitTarget[];
  readonly topFeatures: readonly (NodeSummary & {
    readonly layer: number;
    readonly position: number;
    readonly feature: number;
    readonly activation: number;
    readonly influence: number;
  })[];
  readonly topEdges: readonly {
    readonly source: NodeSummary;
    readonly target: NodeSummary;
    readonly weight: number;
    readonly influence: number;
  }[];
  readonly topPaths: readonly {
    readonly nodes: readonly NodeSummary[];
    readonly weights: readonly number[];
    readonly share: number;
  }[];
  /** Absolute paths. */
  readonly files: { readonly graph: string | null; readonly graphFile: string | null };
}

const listed = { features: 10, edges: 8, paths: 5 };

/** The files that a summary names: the saved graph and its graph file. */
export interface SummaryFiles {
  readonly graphPath?: string | undefined;
  readonly written?: GraphFilesWritten | undefined;
}

export async function summarise(
  pruned: PrunedGraph,
  { graphPath, written }: SummaryFiles,
  signal?: AbortSignal,
): Promise<GraphSummary> {
  const { graph } = pruned;
  const node = (of: GraphNode): NodeSummary => ({ id: of.id, label: graph.label(of) });
  const features = await pruned.topFeatures(listed.features, { signal });
  return {
    ...overview(graph),
    pruned: prunedCounts(pruned),
    scores: await graph.scores({ signal }),
    logits: graph.logits,
    topFeatures: features.map(({ node: feature, influence }) => ({
      ...node(feature),
      layer: feature.layer,
      position: feature.position,
      feature: feature.feature,
      activation: feature.activation,
      influence,
    })),
    topEdges: pruned.topEdges(listed.edges).map(({ source, target, weight, influence }) => ({
      source: node(source),
      target: node(target),
      weight,
      influence,
    })),
    topPaths: pruned.topPaths(listed.paths).map(({ nodes, weights, share }) => ({
      nodes: nodes.map(node),
      weights,
      share,
    })),
    files: {
      graph: graphPath === undefined ? null : resolve(graphPath),
      graphFile: written ? resolve(written.graphFile) : null,
    },
  };
}

function overview(graph: Graph) {
  return {
    prompt: graph.prompt,
    tokens: graph.tokenStrings.map((token, position) => ({ id: graph.tokens[position] as number, token })),
    model: graph.model,
    scan: graph.scan,
    packageVersion: graph.packageVersion,
    settings: graph.settings,
    timings: graph.timings,
    activeFeatures: graph.nActive,
    selectedFeatures: graph.nSelected,
    nodes: graph.nNodes,
  };
}

function prunedCounts({ graph, nodeMask, thresholds, nEdges }: PrunedGraph): GraphSummary['pruned'] {
  const kept = (start: number, stop: number) => nodeMask.subarray(start, stop).reduce((sum, keep) => sum + keep, 0);
  return {
    ...thresholds,
    features: kept(0, graph.errorStart),
    errors: kept(graph.errorStart, graph.tokenStart),
    tokens: kept(graph.tokenStart, graph.logitStart),
    logits: kept(graph.logitStart, graph.nNodes),
    edges: nEdges,
  };
}
