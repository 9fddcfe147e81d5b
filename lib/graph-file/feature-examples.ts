import { isObject } from '../is-object';

/** A stretch of text and how strongly the feature answers to each of its tokens. */
export interface FeatureExample {
  readonly tokens: readonly string[];
  /** [tokens.length] */
  readonly tokens_acts_list: readonly number[];
  /** Place of the token the example was chosen for. */
  readonly train_token_ind?: number;
  readonly is_repeated_datapoint?: boolean;
}

/** Examples from one part of the feature's range of activations. */
export interface ExampleQuantile {
  readonly quantile_name: string;
  readonly examples: readonly FeatureExample[];
}

/** What is known of one feature: the fields that the graph pages read, by their names there. */
export interface FeatureExamples {
  readonly index: number;
  readonly transcoder_id?: string;
  readonly examples_quantiles: readonly ExampleQuantile[];
  /** Tokens the feature makes likelier, most first; and less likely. */
  readonly top_logits?: readonly string[];
  readonly bottom_logits?: readonly string[];
  readonly act_min?: number;
  readonly act_max?: number;
  readonly quantile_values?: readonly number[];
  /** Counts of non-zero activations in equal steps from `act_min` to `act_max`. */
  readonly histogram?: readonly number[];
  /** Share of tokens the feature is active on. */
  readonly activation_frequency?: number;
}

/** @returns what makes a JSON value no feature, or undefined */
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
    if (bad >= 0) return `${where}.examples[${bad}] must have as many tokens_acts_list as tokens`;
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
