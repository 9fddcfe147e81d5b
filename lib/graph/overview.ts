import { type InspectOptions, inspect } from 'node:util';
import type { LogitTarget } from './graph-data';
import type { GraphView, PrunedView, PruneThresholds } from './graph-view';

/** A graph in a few lines: what `JSON.stringify` and `console.log` show of it. */
export interface GraphOverview {
  readonly prompt: string;
  /** Each token decoded by itself. */
  readonly tokens: readonly string[];
  readonly model: string;
  /** Which transcoders: one name, or one per layer. */
  readonly scan: string | readonly string[];
  /** Features that were active, whether or not they are nodes. */
  readonly activeFeatures: number;
  /** Features that are nodes. */
  readonly features: number;
  readonly nodes: number;
  readonly logits: readonly Pick<LogitTarget, 'token' | 'tokenId' | 'weight'>[];
}

/** The same of a pruned graph; `features`, `nodes` and `edges` count what was kept. */
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

/** What `console.log` shows: the name of the class and the overview. */
export function shown(name: string, overview: GraphOverview, options: InspectOptions): string {
  return `${name} ${inspect(overview, { ...options, maxArrayLength: 12 })}`;
}
