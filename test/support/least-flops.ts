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
const { neededFlops } = require('../../scripts/bench/flops') as {
  neededFlops(graph: Attributed, shape: Shape): Record<'forward and encode' | 'target rows' | 'feature rows', number>;
};

/**
 * Operations of the rows of a graph, by that count, less what a row's first attention needn't do: there its gradient stands
 * at one position alone.
 */
export function leastFlops(graph: Attributed, shape: Shape): number {
  const flops = neededFlops(graph, shape);
  const { activeFeatures, selectedFeatures, logits } = graph;
  const { positions, width, heads, headWidth } = shape;
  const spared = (m: number) => 2 * (m - 1) * width * heads * headWidth + heads * headWidth * m * (m + 1);
  let least = flops['target rows'] + flops['feature rows'] - logits.length * spared(positions);
  for (const i of selectedFeatures) least -= spared((activeFeatures[3 * i + 1] as number) + 1);
  return least;
}
