import { type InspectOptions, inspect } from 'node:util';
import type { LogitTarget } from './graph-data';
import type { GraphView, PrunedView } from './graph-view';
import type { PruneThresholds } from './prune-options';

/** An overview of a graph, for `JSON.stringify` and `console.log`. */
export interface GraphOverview {
  readonly prompt: string;
  /** The text of each token alone. */
  readonly tokens: readonly string[];
  readonly model: string;
  /** The name of the transcoders, or one name per layer. */
  readonly scan: string | readonly string[];
  /** The number of active features, whether or not they are nodes. */
  readonly activeFeatures: number;
  /** The number of features that are nodes. */
  readonly features: number;
  readonly nodes: number;
  readonly logits: readonly Pick<LogitTarget, 'token' | 'tokenId' | 'weight'>[];
}

/** An overview of a pruned graph. `features`, `nodes` and `edges` count what pruning kept. */
export interface PrunedGraphOverview extends GraphOverview {
  readonly edges: number;
  readonly thresholds: PruneThresholds;
}

export function graphOverview(graph: GraphView): GraphOverview {
  return {
    prompt: graph.prompt,
    tokens: graph.tokenStrings,
    model: graph.model.modelName,
    scan: graph.scan,
    activeFeatures: graph.nActive,
    features: graph.nSelected,
    nodes: graph.nNodes,
    logits: graph.logits.map(({ token, tokenId, weight }) => ({ token, tokenId, weight })),
  };
}

export function prunedOverview({ graph, nodeMask, nEdges, thresholds }: PrunedView): PrunedGraphOverview {
  const count = (mask: Uint8Array) => mask.reduce((sum, keep) => sum + keep, 0);
  const kept = { features: count(nodeMask.subarray(0, graph.errorStart)), nodes: count(nodeMask), edges: nEdges };
  return { ...graphOverview(graph), ...kept, thresholds };
}

/** The output of `console.log`: the class name and the overview. */
export function shown(name: string, overview: GraphOverview, options: InspectOptions): string {
  return `${name} ${inspect(overview, { ...options, maxArrayLength: 12 })}`;
}
