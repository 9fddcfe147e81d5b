/** The shape a prompt is attributed in: what scripts/bench/sizes.js lists. */
export interface Shape {
  readonly layers: number;
  readonly positions: number;
  readonly width: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headWidth: number;
  readonly mlp: number;
  readonly vocab: number;
  readonly features: number;
  readonly crossLayer?: boolean;
  readonly skip?: boolean;
}

/** What is read of a Graph. */
export interface AttributedRows {
  /** Of (layer, position, feature). */
  readonly activeFeatures: ArrayLike<number>;
  readonly selectedFeatures: ArrayLike<number>;
  readonly logits: readonly { readonly position?: number; readonly feature?: { readonly layer: number } }[];
}

type Phase = 'forward and encode' | 'target rows' | 'feature rows';

/** Operations that attribution needs, by phase, whatever the algorithm, as the benchmark counts them. */
export const { neededFlops } = require('../../scripts/bench/flops') as {
  neededFlops: (graph: AttributedRows, shape: Shape) => Record<Phase, number>;
};
