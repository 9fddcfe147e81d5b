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

const counted = require('../../scripts/bench/flops') as {
  neededFlops(graph: Attributed, shape: Shape): Record<'target rows' | 'feature rows', number>;
};

/** Operations that the rows of a graph need, whatever the algorithm, as the benchmark counts them. */
export function neededForRows(graph: Attributed, shape: Shape): number {
  const flops = counted.neededFlops(graph, shape);
  return flops['target rows'] + flops['feature rows'];
}
