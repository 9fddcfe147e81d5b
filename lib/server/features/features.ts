import { CircuitTracerError } from '../../errors';
import { BundledFeatures } from '../../features/sources/bundled-features';
import type { FeatureName, OwnedSource } from '../../features/sources/feature-source';
import type { FeatureExamples } from '../../graph-file/feature-examples';
import { Problem } from '../problem';

/** All sources of features, queried in turn. Those included in the package come last. */
export class Features {
  readonly #sources: readonly OwnedSource[];
  readonly #bundled = new BundledFeatures();

  constructor(sources: readonly OwnedSource[]) {
    this.#sources = sources;
  }

  /** @throws Problem 404 with `ERR_NO_FEATURES` without a source, `ERR_NO_FEATURE` when no source has the feature. */
  async read(name: FeatureName, signal: AbortSignal): Promise<FeatureExamples> {
    for (const source of [...this.#sources, this.#bundled]) {
      const found = await source.read(name, signal).catch((error) => {
        throw upstreamProblem(error);
      });
      if (found) return found;
    }
    if (this.#sources.length === 0 && !this.#bundled.knows(name)) {
      throw new Problem(
        404,
        'ERR_NO_FEATURES',
        'This server was started without features. Set featuresDir to show them.',
      );
    }
    throw new Problem(
      404,
      'ERR_NO_FEATURE',
      `There are no examples for feature ${name.feature} of layer ${name.layer}.`,
    );
  }

  async close(): Promise<void> {
    await Promise.all([...this.#sources, this.#bundled].map((source) => source.close()));
  }
}

/** The problem for a failed source, from which a page can tell whether a retry may help. */
function upstreamProblem(error: unknown): unknown {
  if (!(error instanceof CircuitTracerError)) return error;
  if (error.code === 'ERR_HUB_NOT_FOUND') return new Problem(404, 'ERR_NO_FEATURES', error.message);
  return error.code === 'ERR_HUB' ? new Problem(502, 'ERR_UPSTREAM', error.message) : error;
}
