import { CircuitTracerError } from '../../errors';
import { cantorPair } from '../../graph-file/cantor';
import type { FeatureExamples } from '../../graph-file/feature-examples';
import type { FeatureName, FeatureSource } from './feature-source';
import { fetchBytes } from './fetch-bytes';
import { parseFeature } from './parse-feature';

const largestFeature = 64 * 2 ** 20;

/** A file for each feature at an address, as `feature_json_base_url` of graph files says: `<number>.json`, layer and index paired. */
export class JsonUrlFeatures implements FeatureSource {
  readonly #folder: string;

  /** @param folder without a slash at its end */
  constructor(folder: string) {
    this.#folder = folder;
  }

  async read({ layer, feature }: FeatureName, signal?: AbortSignal): Promise<FeatureExamples | undefined> {
    const url = `${this.#folder}/${cantorPair(layer, feature)}.json`;
    try {
      return parseFeature(url, await fetchBytes(url, { most: largestFeature, signal }));
    } catch (error) {
      // One file of many is missing: a dead feature.
      if (error instanceof CircuitTracerError && error.code === 'ERR_HUB_NOT_FOUND') return undefined;
      throw error;
    }
  }

  async close(): Promise<void> {}
}
