import type { Graph } from './graph';
import type { PrunedGraphOf } from './prune';

/** The nodes and edges of a graph that hold given shares of its influence on the outputs: what `Graph.prune` makes. */
export type PrunedGraph = PrunedGraphOf<Graph>;
