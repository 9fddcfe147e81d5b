/** Numbers, row-major, with their shape. Large ones share memory with native code: treat them as read-only. */
export interface NdArray {
  readonly data: Float32Array;
  readonly shape: number[];
}

/** Feature activations sorted by (layer, position, feature), the zeros left out. */
export interface SparseList {
  /** [N * 3] of (layer, position, feature). */
  readonly indices: Int32Array;
  /** [N] */
  readonly values: Float32Array;
}

/** The same with the shape of the dense array. */
export interface SparseActivations extends SparseList {
  /** [nLayers, positions, most features of a layer] */
  readonly shape: readonly number[];
}

/** Of every feature at every position: dense, [nLayers, n, most features of a layer], or sparse. */
export type Activations = NdArray | SparseActivations;
