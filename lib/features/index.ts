import { lazy } from '../lazy';
import type { FeatureSource } from './sources/feature-source';

const sources = lazy(() => require('./sources/open-source') as typeof import('./sources/open-source'));

/**
 * Open what is known of features: the texts they activate on, and the tokens they raise and lower.
 *
 * `where` is a folder (packed examples, a folder of transcoders, or one JSON file for each feature), an address of such a
 * folder, a repository of the hub (`org/repo//folder@revision`), `https://www.neuronpedia.org/MODEL/SOURCE-SET`, or the
 * bundled `demo` or `demo-cross-layer`. Nothing is asked of another machine unless `where` names one.
 *
 * @param where also `featuresDirectory` of a model, which is undefined when its transcoders come without examples
 * @returns a source to close when done, or to declare with `await using`
 * @throws CircuitTracerError `ERR_INVALID_ARGUMENT` for something else; `ERR_FILE_NOT_FOUND` (also for undefined),
 * `ERR_FILE_READ`, `ERR_FILE_FORMAT` for a folder; `ERR_HUB` when a server fails.
 *
 * @example
 * await using source = await openFeatureSource('mntss/clt-gemma-2-2b-2.5M');
 * const feature = await source.read({ layer: 3, feature: 120 });
 */
export async function openFeatureSource(where: string | undefined): Promise<FeatureSource> {
  return sources().openFeatureSource(where);
}

export type { FeatureName, FeatureSource } from './sources/feature-source';
