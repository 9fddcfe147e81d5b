import { isObject } from '../is-object';
import type { Unchecked } from './json-values';
import { neuronpediaNames } from './neuronpedia';
import type { GraphMetadata } from './schema';

/**
 * The source of feature examples that a graph file names, in the form for `openFeatureSource`: `feature_details` (a URL
 * of JSON files, or a set on Neuronpedia), otherwise its transcoders.
 *
 * @param metadata the metadata of the graph file
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
