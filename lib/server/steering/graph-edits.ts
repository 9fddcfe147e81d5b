import type { Json } from '../../graph-file/json-values';
import { featureId } from '../../graph-file/node-id';
import { readFeature, readNodes } from '../../graph-file/read';
import type { FeatureIntervention } from '../../intervention/types';
import type { SteerEdit } from './steer-request';

/**
 * Features set to their factor times their activation in the graph, whatever earlier edits would make of it; features the
 * graph doesn't have, to their factor times what they are.
 */
export function interventionsOf(edits: readonly SteerEdit[], graph: Json): FeatureIntervention[] {
  const activations = activationsOf(graph);
  return edits.map(({ factor, ...feature }) => {
    const activation = activations.get(featureId(feature));
    return activation === undefined ? { ...feature, scale: factor } : { ...feature, value: factor * activation };
  });
}

/** By the ids of features. */
function activationsOf(graph: Json): Map<string, number> {
  const found = new Map<string, number>();
  for (const node of readNodes(graph)) {
    const feature = readFeature(node);
    if (feature && !Number.isNaN(node.activation)) found.set(featureId(feature), node.activation);
  }
  return found;
}
