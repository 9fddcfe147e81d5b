import { isObject } from '../is-object';
import type { Unchecked } from './json-values';
import { neuronpediaNames } from './neuronpedia';
import type { GraphMetadata } from './schema';

/**
 * Where a graph file says that the examples of its features are, in the words that `openFeatureSource` takes:
 * `feature_details` (an address of JSON files, or a set of Neuronpedia), or else its transcoders.
 *
 * @param metadata of the graph file
 * @returns undefined when the file names neither
 */
export function locateFeatures(metadata: Unchecked<GraphMetadata>): string | undefined {
  const details = isObject(metadata.feature_details) ? metadata.feature_details : {};
  const { feature_json_base_url: address, neuronpedia_source_set: sourceSet } = details;
  if (typeof address === 'string' && address !== '') return address;
  const { scan } = metadata;
  if (typeof scan !== 'string' || scan === '') return undefined;
  if (typeof sourceSet !== 'string') return scan;
  const { modelId } = neuronpediaNames(scan, { modelId: scan, sourceSet });
  return `https://www.neuronpedia.org/${modelId}/${sourceSet}`;
}
