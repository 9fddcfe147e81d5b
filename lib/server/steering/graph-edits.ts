import type { FeatureIntervention } from '../../intervention/types';
import type { SteerEdit } from './steer-request';

/**
 * Features set to their factor times their activation in the graph, whatever earlier edits would make of it; features the
 * graph doesn't have, to their factor times what they are.
 */
export function interventionsOf(edits: readonly SteerEdit[], graph: Record<string, unknown>): FeatureIntervention[] {
  const activations = activationsOf(graph.nodes);
  return edits.map(({ factor, ...place }) => {
    const activation = activations.get(`${place.layer}_${place.feature}_${place.position}`);
    return activation === undefined ? { ...place, scale: factor } : { ...place, value: factor * activation };
  });
}

/** By the ids of features. An error may have the id of a feature, but has no activation. */
function activationsOf(nodes: unknown): Map<string, number> {
  const found = new Map<string, number>();
  for (const node of Array.isArray(nodes) ? nodes : []) {
    if (Number.isFinite(node?.activation)) found.set(String(node.node_id), node.activation);
  }
  return found;
}
