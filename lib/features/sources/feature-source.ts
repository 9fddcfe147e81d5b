import type { FeatureExamples } from '../../graph-file/feature-examples';

/** Which feature: its place, and the transcoders as the graph's file names them, if the page said. */
export interface FeatureName {
  readonly layer: number;
  readonly feature: number;
  readonly scan?: string | undefined;
}

/** Something that may know what a feature answers to. */
export interface FeatureSource {
  /**
   * @returns undefined when it knows nothing of the feature
   * @throws CircuitTracerError `ERR_FILE_FORMAT` for something else than a feature; `ERR_HUB_NOT_FOUND` when there are no features
   * where they should be, `ERR_HUB` when the other machine fails; `ABORT_ERR`.
   */
  read(name: FeatureName, signal?: AbortSignal): Promise<FeatureExamples | undefined>;
  /** Idempotent. */
  close(): Promise<void>;
}
