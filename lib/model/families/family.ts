import type { Checkpoint } from '../checkpoint';
import type { ModelConfig } from '../config';
import type { ModelSpec, ModelWeights } from '../spec';

/** How to run a checkpoint: what native needs of its config.json, and where each weight is. */
export interface ModelPlan {
  readonly spec: ModelSpec;
  readonly weights: ModelWeights;
}

/** One architecture: reads config.json as the `transformers` class of that name does. */
export interface Family {
  /** Values of `model_type` that mean this family. */
  readonly modelTypes: readonly string[];
  plan(checkpoint: Checkpoint, config: ModelConfig): ModelPlan;
}
