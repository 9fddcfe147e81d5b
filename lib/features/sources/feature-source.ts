import type { CallOptions } from '../../call-options';
import type { FeatureExamples } from '../feature-examples';

/** Which feature: its place, and the transcoders as the graph's file names them, if the page said. */
export interface FeatureName {
  readonly layer: number;
  readonly feature: number;
  readonly scan?: string | undefined;
}

/** Something that may know what a feature activates on. Close it when done, or declare it with `await using`. */
export interface FeatureSource {
  /**
   * What is known of one feature.
   *
   * @param feature its layer and number in the layer's transcoder, as a `FeatureNode` has them
   * @returns undefined when nothing is known of the feature
   * @throws CircuitTracerError `ERR_FILE_FORMAT` for something else than a feature; `ERR_HUB_NOT_FOUND` when there are no features
   * where they should be, `ERR_HUB` when the other machine fails; `ABORT_ERR`.
   */
  read(feature: FeatureName, options?: Pick<CallOptions, 'signal'>): Promise<FeatureExamples | undefined>;
  /** Idempotent. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** A source within the package, whose owner closes it. */
export interface OwnedSource {
  read(name: FeatureName, signal?: AbortSignal): Promise<FeatureExamples | undefined>;
  close(): Promise<void>;
}
