import type { ModelSpec, ModelWeights } from '../../engine/model-spec';
import type { Checkpoint } from '../checkpoint';
import type { ModelConfig } from '../config';
import type { ConfigKey } from './config-keys';

/** How to run a checkpoint: what native needs of its config.json, and where each weight is. */
export interface ModelPlan {
  readonly spec: ModelSpec;
  readonly weights: ModelWeights;
  /** Whether config.json says that the unembedding is the embedding. The weights say whether it is. */
  readonly tied: boolean;
}

/** One architecture: reads config.json as the `transformers` class of that name does. */
export interface Family {
  /** Of its section in docs/guide/model-configs.md. */
  readonly title: string;
  /** Values of `model_type` that mean this family. */
  readonly modelTypes: readonly string[];
  /** What each key of the configuration class does, besides those that every class has. */
  readonly keys: readonly ConfigKey[];
  /** Where a checkpoint with further models keeps the language model's settings; null when at the top. */
  section?(config: ModelConfig): ModelConfig | null;
  /**
   * @param config Settings of the language model, with aliases, their keys checked.
   * @param outer The whole of config.json; differs from `config` where there is a section.
   */
  plan(checkpoint: Checkpoint, config: ModelConfig, outer: ModelConfig): ModelPlan;
}
