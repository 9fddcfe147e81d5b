import type { Graph } from '../../lib';

/** The shape a prompt is attributed in. */
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

type Attributed = Pick<Graph, 'activeFeatures' | 'selectedFeatures' | 'logits'>;

/** Operations that attribution has to do, by phase, as the benchmark counts them. */
export const { neededFlops } = require('../../scripts/bench/flops') as {
  neededFlops(
    graph: Attributed,
    shape: Shape,
  ): Record<'forward and encode' | 'target rows' | 'feature rows', number>;
};
