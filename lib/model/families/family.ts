import type { ModelSpec, ModelWeights } from '../../engine/model-spec';
import type { Checkpoint } from '../checkpoint';
import type { ModelConfig } from '../config';
import type { ConfigKey } from './config-keys';

/** How to run a checkpoint: the settings of config.json that native code needs, and the location of each weight. */
export interface ModelPlan {
  readonly spec: ModelSpec;
  readonly weights: ModelWeights;
  /** Whether config.json declares the unembedding tied to the embedding. The weights decide whether it is. */
  readonly tied: boolean;
}

/** A model architecture. Reads config.json like the `transformers` class of that name. */
export interface Family {
  /** The title of its section in docs/guide/model-configs.md. */
  readonly title: string;
  /** The values of `model_type` of this family. The first is its name in specs and graphs. */
  readonly modelTypes: readonly [string, ...string[]];
  /** The model classes of transformers. The first is its name in graph files of the Python library. */
  readonly architectures: readonly [string, ...string[]];
  /** The organisation on the hub that has its models under these names. */
  readonly hub: { readonly names: RegExp; readonly organisation: string };
  /** The effect of each key of the configuration class, except for the keys that all classes share. */
  readonly keys: readonly ConfigKey[];
  /**
   * The section with the settings of the language model in a multimodal checkpoint; null when they are at the top
   * level.
   */
  section?(config: ModelConfig): ModelConfig | null;
  /**
   * @param config the checked settings of the language model, with aliases
   * @param outer the whole config.json, which differs from `config` if there is a section
   */
  plan(checkpoint: Checkpoint, config: ModelConfig, outer: ModelConfig): ModelPlan;
}
