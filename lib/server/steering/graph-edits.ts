import type { Json } from '../../graph-file/json-values';
import { featureId } from '../../graph-file/node-id';
import { readFeature, readNodes } from '../../graph-file/read';
import type { FeatureIntervention } from '../../intervention/types';
import type { SteerEdit } from './steer-request';

/**
 * Set features to their factor times their activation in the graph, regardless of earlier edits. Features that the
 * graph does not have are multiplied by their factor.
 */
export function interventionsOf(edits: readonly SteerEdit[], graph: Json): FeatureIntervention[] {
  const activations = readActivations(graph);
  return edits.map(({ factor, ...feature }) => {
    const activation = activations.get(featureId(feature));
    return activation === undefined ? { ...feature, scale: factor } : { ...feature, value: factor * activation };
  });
}

/** Activations by the ids of features. */
function readActivations(graph: Json): Map<string, number> {
  const found = new Map<string, number>();
  for (const node of readNodes(graph)) {
    const feature = readFeature(node);
    if (feature && !Number.isNaN(node.activation)) found.set(featureId(feature), node.activation);
  }
  return found;
}
