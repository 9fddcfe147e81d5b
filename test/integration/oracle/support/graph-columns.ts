import type { NativeGraphData } from '../../../../lib/engine/binding';
import { EdgeRows } from '../../../../lib/graph/edge-rows';

/** A target row or source column of a graph. A token comes before layer 0, a logit after the last. */
export interface Place {
  readonly layer: number;
  readonly position: number;
}

/** Rows and columns of the edges. */
export function edgeShape({ edges, selectedFeatures, logitTokenIds }: NativeGraphData): [number, number] {
  const rows = selectedFeatures.length + logitTokenIds.length;
  return [rows, edges.reduce((sum, { length }) => sum + length, 0) / rows];
}

/** Edge rows without the columns of the targets, which nothing flows from: [rows, N + L * n + n]. */
export function sourceEdges(graph: NativeGraphData): Float32Array {
  const { edges, logitTokenIds } = graph;
  const [rows, columns] = edgeShape(graph);
  const numbers = new EdgeRows(edges, columns);
  const sources = columns - logitTokenIds.length;
  const out = new Float32Array(rows * sources);
  for (let row = 0; row < rows; row++) {
    out.set(numbers.row(row).subarray(0, sources), row * sources);
  }
  return out;
}

export function featurePlaces(indices: Int32Array): Place[] {
  return Array.from({ length: indices.length / 3 }, (_, i) => ({
    layer: indices[3 * i] as number,
    position: indices[3 * i + 1] as number,
  }));
}

/** Places of the source columns, [N + L * n + n]. */
export function sourcePlaces(indices: Int32Array, nLayers: number, nPositions: number): Place[] {
  const errors = Array.from({ length: nLayers * nPositions }, (_, i) => ({
    layer: Math.floor(i / nPositions),
    position: i % nPositions,
  }));
  const tokens = Array.from({ length: nPositions }, (_, position) => ({ layer: -1, position }));
  return [...featurePlaces(indices), ...errors, ...tokens];
}
