import type { FeatureExamples } from '../../features/feature-examples';

/** Which feature: its place, and the transcoders as the graph's file names them, if the page said. */
export interface FeatureName {
  readonly layer: number;
  readonly feature: number;
  readonly scan: string | undefined;
}

/** Something that may know what a feature answers to. */
export interface FeatureSource {
  /** @returns undefined when it knows nothing of the feature */
  read(name: FeatureName, signal: AbortSignal): Promise<FeatureExamples | undefined>;
  /** Idempotent. */
  close(): Promise<void>;
}
