import { isObject } from '../is-object';

/** An excerpt of text and the activation of the feature on each of its tokens. */
export interface FeatureExample {
  readonly tokens: readonly string[];
  /** [tokens.length] */
  readonly tokens_acts_list: readonly number[];
  /** The index of the token that the example was chosen for. */
  readonly train_token_ind?: number;
  readonly is_repeated_datapoint?: boolean;
}

/** The examples from one part of the feature's activation range. */
export interface ExampleQuantile {
  readonly quantile_name: string;
  readonly examples: readonly FeatureExample[];
}

/** The data of one feature: the fields that graph pages read, with their names there. */
export interface FeatureExamples {
  readonly index: number;
  readonly transcoder_id?: string;
  readonly examples_quantiles: readonly ExampleQuantile[];
  /** The tokens whose logits the feature raises, and those it lowers, strongest first. */
  readonly top_logits?: readonly string[];
  readonly bottom_logits?: readonly string[];
  readonly act_min?: number;
  readonly act_max?: number;
  readonly quantile_values?: readonly number[];
  /** The counts of non-zero activations in equal steps from `act_min` to `act_max`. */
  readonly histogram?: readonly number[];
  /** The share of tokens on which the feature is active. */
  readonly activation_frequency?: number;
}

/** @returns the problem with a JSON value that is not a feature; undefined for a feature */
export function findProblem(value: unknown): string | undefined {
  if (!isObject(value)) return 'a feature must be an object';
  if (!Number.isSafeInteger(value.index)) return 'index must be a whole number';
  if (!Array.isArray(value.examples_quantiles)) return 'examples_quantiles must be a list';
  for (const [i, quantile] of value.examples_quantiles.entries()) {
    const where = `examples_quantiles[${i}]`;
    if (!isObject(quantile) || typeof quantile.quantile_name !== 'string' || !Array.isArray(quantile.examples)) {
      return `${where} must have a quantile_name and a list of examples`;
    }
    const bad = quantile.examples.findIndex((example) => !isExample(example));
    if (bad >= 0) return `${where}.examples[${bad}] must have one tokens_acts_list entry per token`;
  }
  return undefined;
}

function isExample(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { tokens, tokens_acts_list: activations } = value;
  return (
    Array.isArray(tokens) &&
    tokens.every((token) => typeof token === 'string') &&
    Array.isArray(activations) &&
    activations.length === tokens.length &&
    activations.every(Number.isFinite)
  );
}
