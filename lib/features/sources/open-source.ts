import { isBundledTranscoders } from '../../bundled';
import { CircuitTracerError } from '../../errors';
import { localPath } from '../../hub/local-path';
import { parseHubReference } from '../../hub/reference';
import { hubEndpoint } from '../../hub/settings';
import { isFolder } from '../../io/files';
import { checkOptions, checkSignal, checkText } from '../../validate';
import { indexFile } from '../packed-source';
import { abortable } from './abortable';
import { BundledFeatures } from './bundled-features';
import type { FeatureName, FeatureSource, OwnedSource } from './feature-source';
import { fetchBytes } from './fetch-bytes';
import { featuresFolder, openLocalFeatures } from './folder-features';
import { HubFeatures } from './hub-features';
import { JsonUrlFeatures } from './json-url';
import { NeuronpediaFeatures } from './neuronpedia-features';
import { openPackedUrl } from './packed-url';

const neuronpediaPattern = /^(https?:\/\/(?:www\.)?neuronpedia\.org)\/([\w.-]+)\/([\w.-]+)\/?$/;

/** As the package's `openFeatureSource`, which loads this file. */
export async function openFeatureSource(where: string | undefined): Promise<FeatureSource> {
  if (where === undefined) throw noExamples();
  const source = await open(checkText(where, 'where'));
  const close = () => source.close();
  return {
    read: async (feature, options = {}) => {
      checkOptions(options, ['signal']);
      return source.read(feature, checkSignal(options.signal));
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function open(where: string): Promise<OwnedSource> {
  if (isBundledTranscoders(where)) return withScan(new BundledFeatures(), where);
  const [, site, modelId = '', sourceSet = ''] = neuronpediaPattern.exec(where) ?? [];
  if (site !== undefined) return new NeuronpediaFeatures({ modelId, sourceSet }, site);
  if (/^https?:\/\//.test(where)) return openUrl(where.replace(/\/+$/, ''));
  const folder = await localPath(where);
  if (folder !== undefined) return openFolder(folder);
  if (parseHubReference(where)) return withScan(new HubFeatures(hubEndpoint(process.env)), where);
  throw new CircuitTracerError(
    'ERR_INVALID_ARGUMENT',
    `The source of features must be a folder, a URL, a repository on the hub (org/repo) or a set on Neuronpedia; found '${where}'.`,
  );
}

async function openFolder(folder: string): Promise<OwnedSource> {
  if (await isFolder(folder)) return openLocalFeatures(await featuresFolder(folder));
  throw new CircuitTracerError('ERR_FILE_NOT_FOUND', `${folder}: expected a folder of features, found none.`);
}

/** Packed features if there is an index, otherwise one file per feature. */
async function openUrl(folder: string): Promise<OwnedSource> {
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

/** A source limited to one scan. */
function withScan(source: OwnedSource, scan: string): OwnedSource {
  return {
    read: (name: FeatureName, signal) => source.read({ ...name, scan }, signal),
    close: () => source.close(),
  };
}

function noExamples(): CircuitTracerError {
  return new CircuitTracerError(
    'ERR_FILE_NOT_FOUND',
    'Expected a folder of features, found undefined: these transcoders come without examples. harvestFeatures makes them.',
  );
}
