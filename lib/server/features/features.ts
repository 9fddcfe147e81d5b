import { CircuitTracerError } from '../../errors';
import { BundledFeatures } from '../../features/sources/bundled-features';
import type { FeatureName, FeatureSource } from '../../features/sources/feature-source';
import type { FeatureExamples } from '../../graph-file/feature-examples';
import { Problem } from '../problem';

/** All sources of features, asked in turn; those that ship with the package last. */
export class Features {
  readonly #sources: readonly FeatureSource[];
  readonly #bundled = new BundledFeatures();

  constructor(sources: readonly FeatureSource[]) {
    this.#sources = sources;
  }

  /** @throws Problem 404 with `ERR_NO_FEATURES` without a source, `ERR_NO_FEATURE` when none knows the feature. */
  async read(name: FeatureName, signal: AbortSignal): Promise<FeatureExamples> {
    for (const source of [...this.#sources, this.#bundled]) {
      const found = await source.read(name, signal).catch((error) => {
        throw upstreamProblem(error);
      });
      if (found) return found;
    }
    if (this.#sources.length === 0 && !this.#bundled.knows(name)) {
      throw new Problem(404, 'ERR_NO_FEATURES', 'This server was started without features: see --features-dir.');
    }
    throw new Problem(404, 'ERR_NO_FEATURE', `Nothing is known of feature ${name.feature} of layer ${name.layer}.`);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#sources, this.#bundled].map((source) => source.close()));
  }
}

/** Told so that a page knows whether asking again may help. */
function upstreamProblem(error: unknown): unknown {
  if (!(error instanceof CircuitTracerError)) return error;
  if (error.code === 'ERR_HUB_NOT_FOUND') return new Problem(404, 'ERR_NO_FEATURES', error.message);
  return error.code === 'ERR_HUB' ? new Problem(502, 'ERR_UPSTREAM', error.message) : error;
}
