import type { NativeGraphData } from '../../../lib/binding';

/** A target row or source column of a graph. A token comes before layer 0, a logit after the last. */
export interface Place {
  readonly layer: number;
  readonly position: number;
}

/** Edge rows without the columns of the targets, which nothing flows from: [rows, N + L * n + n]. */
export function sourceEdges({ edges, logitTokenIds }: NativeGraphData): Float32Array {
  const [rows = 0, columns = 0] = edges.shape;
  const sources = columns - logitTokenIds.length;
  const out = new Float32Array(rows * sources);
  for (let row = 0; row < rows; row++) {
    out.set(edges.data.subarray(row * columns, row * columns + sources), row * sources);
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
