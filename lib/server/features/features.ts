import type { FeatureExamples } from '../../features/feature-examples';
import { Problem } from '../problem';
import type { FeatureName, FeatureSource } from './feature-source';

/** All sources of features, asked in turn. */
export class Features {
  readonly #sources: readonly FeatureSource[];

  constructor(sources: readonly FeatureSource[]) {
    this.#sources = sources;
  }

  get available(): boolean {
    return this.#sources.length > 0;
  }

  /** @throws Problem 404 with `ERR_NO_FEATURES` without a source, `ERR_NO_FEATURE` when none knows the feature. */
  async read(name: FeatureName, signal: AbortSignal): Promise<FeatureExamples> {
    if (!this.available) {
      throw new Problem(404, 'ERR_NO_FEATURES', 'This server was started without features: see --features-dir.');
    }
    for (const source of this.#sources) {
      const found = await source.read(name, signal);
      if (found) return found;
    }
    throw new Problem(404, 'ERR_NO_FEATURE', `Nothing is known of feature ${name.feature} of layer ${name.layer}.`);
  }

  async close(): Promise<void> {
    await Promise.all(this.#sources.map((source) => source.close()));
  }
}
