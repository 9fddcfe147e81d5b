import type { FeatureIntervention } from './types';

/** A feature at a position with an activation, such as a node of a graph. */
export interface ActiveFeature {
  readonly layer: number;
  readonly position: number;
  readonly feature: number;
  readonly activation: number;
}

/**
 * Interventions that replace one idea by another. The features of the first are switched off. Those of the second get
 * the activations that they have elsewhere, usually in the graph of another prompt with its tokens at the same
 * positions. Features that belong to both stay on.
 *
 * @example
 * const edits = swapFeatures(graph.features(isTexas), elsewhere.features(isCalifornia));
 * console.log((await model.intervene(prompt, edits)).topTokens(3));
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
