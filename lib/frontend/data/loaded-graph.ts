import type { GraphFile } from '../core/graph/parse';
import { influenceOf, type Scores, scoresOf } from '../core/measure/scores';
import { strongestLinks } from '../core/view/drawn-links';

/** A graph file with the data that is computed once from it. */
export interface LoadedGraph extends GraphFile {
  /** The ETag of the response. null if it has none. */
  readonly revision: string | null;
  readonly scores: Scores;
  /** All edges by influence on the outputs, strongest first. */
  readonly strongest: Int32Array;
  /** Equal for graphs with the same nodes and edges, whatever their saved view. */
  readonly contentKey: string;
}

export function withDerived(file: GraphFile, revision: string | null): LoadedGraph {
  const strongest = strongestLinks(file.graph, influenceOf(file.graph));
  return { ...file, revision, strongest, scores: scoresOf(file.graph), contentKey: contentKey(file) };
}

/** FNV-1a over ids and edge weights, and the sizes. */
function contentKey({ graph }: GraphFile): string {
  let hash = 0x811c9dc5;
  const add = (value: number) => {
    hash = Math.imul(hash ^ value, 0x01000193);
  };
  for (const id of graph.ids) for (let i = 0; i < id.length; i++) add(id.charCodeAt(i));
  for (const word of new Int32Array(graph.weight.buffer)) add(word);
  return `${graph.n}-${graph.m}-${(hash >>> 0).toString(16)}`;
}
