import { isBundledTranscoders } from '../../bundled';
import { CircuitTracerError } from '../../errors';
import { neuronpediaNames } from '../../graph-file/neuronpedia';
import { localPath } from '../../hub/local-path';
import { parseHubReference } from '../../hub/reference';
import { hubEndpoint } from '../../hub/settings';
import { isFolder } from '../../io/files';
import { isObject } from '../../is-object';
import { checkText } from '../../validate';
import { indexFile } from '../packed-source';
import { abortable } from './abortable';
import { BundledFeatures } from './bundled-features';
import type { FeatureName, FeatureSource } from './feature-source';
import { fetchBytes } from './fetch-bytes';
import { featuresFolder, openLocalFeatures } from './folder-features';
import { HubFeatures } from './hub-features';
import { JsonUrlFeatures } from './json-url';
import { NeuronpediaFeatures } from './neuronpedia-features';
import { openPackedUrl } from './packed-url';

const neuronpediaPattern = /^(https?:\/\/(?:www\.)?neuronpedia\.org)\/([\w.-]+)\/([\w.-]+)\/?$/;

/**
 * What is known of features, from wherever it is: a folder (packed, a folder of transcoders, or a JSON file for each feature);
 * an address of a folder, packed or of JSON files; a repository of the hub, `org/repo//folder@revision`;
 * `https://www.neuronpedia.org/MODEL/SOURCE-SET`; `demo` or `demo-cross-layer`. Close it when done.
 *
 * @throws CircuitTracerError `ERR_INVALID_ARGUMENT` for something else; `ERR_FILE_NOT_FOUND`, `ERR_FILE_READ`, `ERR_FILE_FORMAT`
 * for a folder; `ERR_HUB` when a server fails.
 *
 * @example
 * const source = await openFeatureSource('mntss/clt-gemma-2-2b-2.5M');
 * const feature = await source.read({ layer: 3, feature: 120 });
 * await source.close();
 */
export async function openFeatureSource(where: string): Promise<FeatureSource> {
  checkText(where, 'where');
  if (isBundledTranscoders(where)) return withScan(new BundledFeatures(), where);
  const [, site, modelId = '', sourceSet = ''] = neuronpediaPattern.exec(where) ?? [];
  if (site !== undefined) return new NeuronpediaFeatures({ modelId, sourceSet }, site);
  if (/^https?:\/\//.test(where)) return openUrl(where.replace(/\/+$/, ''));
  const folder = await localPath(where);
  if (folder !== undefined) return openFolder(folder);
  if (parseHubReference(where)) return withScan(new HubFeatures(hubEndpoint(process.env)), where);
  throw new CircuitTracerError(
    'ERR_INVALID_ARGUMENT',
    `Features are in a folder, at an address, in a repository of the hub (org/repo) or on Neuronpedia; found '${where}'.`,
  );
}

async function openFolder(folder: string): Promise<FeatureSource> {
  if (await isFolder(folder)) return openLocalFeatures(await featuresFolder(folder));
  throw new CircuitTracerError('ERR_FILE_NOT_FOUND', `${folder}: expected a folder of features, found none.`);
}

/** Packed when there is an index, else a file for each feature. */
async function openUrl(folder: string): Promise<FeatureSource> {
  try {
    await fetchBytes(`${folder}/${indexFile}`, { most: 1, range: { start: 0, end: 0 } });
  } catch (error) {
    if (error instanceof CircuitTracerError && error.code === 'ERR_HUB_NOT_FOUND') return new JsonUrlFeatures(folder);
    throw error;
  }
  const packed = await openPackedUrl(folder);
  return {
    read: ({ layer, feature }, signal) => abortable(packed.read(layer, feature), signal),
    close: () => packed.close(),
  };
}

/** A source that answers for one scan only. */
function withScan(source: FeatureSource, scan: string): FeatureSource {
  return {
    read: (name: FeatureName, signal) => source.read({ ...name, scan }, signal),
    close: () => source.close(),
  };
}

/**
 * Where a graph file says its features are, as {@link openFeatureSource} takes it: `feature_details` (an address of JSON files, or
 * a set of Neuronpedia), else its transcoders.
 *
 * @param metadata of the graph file
 */
export function featurePlaceOf(metadata: Readonly<Record<string, unknown>>): string | undefined {
  const details = isObject(metadata.feature_details) ? metadata.feature_details : {};
  const { feature_json_base_url: address, neuronpedia_source_set: sourceSet } = details;
  if (typeof address === 'string' && address !== '') return address;
  const { scan } = metadata;
  if (typeof scan !== 'string' || scan === '') return undefined;
  if (typeof sourceSet !== 'string') return scan;
  const { modelId } = neuronpediaNames(scan, { modelId: scan, sourceSet });
  return `https://www.neuronpedia.org/${modelId}/${sourceSet}`;
}
