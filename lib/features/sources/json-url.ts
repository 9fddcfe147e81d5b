import { CircuitTracerError } from '../../errors';
import { cantorPair } from '../../graph-file/cantor';
import type { FeatureExamples } from '../../graph-file/feature-examples';
import type { FeatureName, OwnedSource } from './feature-source';
import { fetchBytes } from './fetch-bytes';
import { parseFeature } from './parse-feature';

const maxFeatureBytes = 64 * 2 ** 20;

/**
 * One file per feature at a URL, as in `feature_json_base_url` of graph files: `<number>.json`, where the number pairs
 * layer and index.
 */
export class JsonUrlFeatures implements OwnedSource {
  readonly #folder: string;

  /** @param folder the URL of the folder, without a trailing slash */
  constructor(folder: string) {
    this.#folder = folder;
  }

  async read({ layer, feature }: FeatureName, signal?: AbortSignal): Promise<FeatureExamples | undefined> {
    const url = `${this.#folder}/${cantorPair(layer, feature)}.json`;
    try {
      return parseFeature(url, await fetchBytes(url, { most: maxFeatureBytes, signal }));
    } catch (error) {
      // A single missing file means a dead feature.
      if (error instanceof CircuitTracerError && error.code === 'ERR_HUB_NOT_FOUND') return undefined;
      throw error;
    }
  }

  async close(): Promise<void> {}
}
