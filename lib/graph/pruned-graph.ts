import type { Graph } from './graph';
import type { PrunedGraphOf } from './prune';

/**
 * The result of `Graph.prune`: the nodes and edges of a graph that hold given shares of its influence on the outputs.
 */
export type PrunedGraph = PrunedGraphOf<Graph>;
