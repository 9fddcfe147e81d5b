import type { CallOptions } from '../../call-options';
import type { FeatureExamples } from '../../graph-file/feature-examples';

/** A feature: its layer and index, and the transcoders as named in the graph file, if the page sent them. */
export interface FeatureName {
  readonly layer: number;
  readonly feature: number;
  readonly scan?: string | undefined;
}

/** A source of feature examples. */
export interface FeatureSource {
  /**
   * @param feature its layer and its number in the layer's transcoder, as a `FeatureNode` has them
   * @returns undefined when the source does not have the feature
   * @throws CircuitTracerError `ERR_FILE_FORMAT` for data that is not a feature; `ERR_HUB_NOT_FOUND` when the location
   * has no features; `ERR_HUB` when the server fails; `ABORT_ERR`.
   */
  read(feature: FeatureName, options?: Pick<CallOptions, 'signal'>): Promise<FeatureExamples | undefined>;
  /** Close the source. May be called more than once. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** A source within the package, whose owner closes it. */
export interface OwnedSource {
  read(name: FeatureName, signal?: AbortSignal): Promise<FeatureExamples | undefined>;
  close(): Promise<void>;
}
