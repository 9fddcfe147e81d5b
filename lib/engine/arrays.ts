/**
 * Numbers with their shape, in row-major order. Large arrays share memory with native code. Treat them as read-only.
 */
export interface NdArray {
  readonly data: Float32Array;
  readonly shape: number[];
}

/** Non-zero feature activations, sorted by (layer, position, feature). */
export interface SparseList {
  /** [N * 3] of (layer, position, feature). */
  readonly indices: Int32Array;
  /** [N] */
  readonly values: Float32Array;
}

/** Non-zero feature activations with the shape of the dense array. */
export interface SparseActivations extends SparseList {
  /** [nLayers, positions, maximum number of features per layer] */
  readonly shape: readonly number[];
}

/**
 * The activation of every feature at every position: dense, [nLayers, n, maximum number of features per layer], or
 * sparse.
 */
export type Activations = NdArray | SparseActivations;
