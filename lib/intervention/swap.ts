import type { FeatureIntervention } from './types';

/** A feature at a position with an activation, as the nodes of a graph have them. */
export interface ActiveFeature {
  readonly layer: number;
  readonly position: number;
  readonly feature: number;
  readonly activation: number;
}

/**
 * Interventions that put one idea in place of another: the features of the first are switched off, those of the second get
 * the activations they have elsewhere, usually in the graph of another prompt with its tokens at the same positions. What
 * is in both stays on.
 */
export function swapFeatures(off: readonly ActiveFeature[], on: readonly ActiveFeature[]): FeatureIntervention[] {
  const cell = ({ layer, position, feature }: ActiveFeature) => `${layer} ${position} ${feature}`;
  const kept = new Set(on.map(cell));
  const place = ({ layer, position, feature }: ActiveFeature) => ({ layer, position, feature });
  return [
    ...off.filter((node) => !kept.has(cell(node))).map((node) => ({ ...place(node), value: 0 })),
    ...on.map((node) => ({ ...place(node), value: node.activation })),
  ];
}
