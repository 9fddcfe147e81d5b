import type { ExampleQuantile, FeatureExample, FeatureExamples } from '../../../graph-file/feature-examples';
import { list, number, record, text, type Unchecked } from '../../../graph-file/json-values';

export interface Example {
  readonly tokens: readonly string[];
  readonly activations: readonly number[];
  /** The index of the token that the example was chosen for, or -1. */
  readonly chosen: number;
  readonly repeated: boolean;
}

export interface Quantile {
  readonly name: string;
  readonly examples: readonly Example[];
}

/** The known data of a feature. */
export interface FeatureInfo {
  readonly quantiles: readonly Quantile[];
  readonly topLogits: readonly string[];
  readonly bottomLogits: readonly string[];
  readonly least: number;
  readonly most: number;
  readonly quantileValues: readonly number[];
  readonly histogram: readonly number[];
  /** The share of tokens on which it is active. NaN if unknown. */
  readonly frequency: number;
}

/** The colour range of files that have none. */
const usualMost = 1.4;

/** @throws Error when the value is not a feature. Missing parts become empty. */
export function parseFeature(value: unknown): FeatureInfo {
  const feature: Unchecked<FeatureExamples> = record(value);
  if (!Array.isArray(feature.examples_quantiles)) {
    throw new Error('The response is not a feature: it has no list examples_quantiles.');
  }
  const numbers = (given: unknown) => list(given).flatMap((each) => number(each) ?? []);
  return {
    quantiles: feature.examples_quantiles.map(parseQuantile),
    topLogits: list(feature.top_logits).map(text),
    bottomLogits: list(feature.bottom_logits).map(text),
    least: number(feature.act_min) ?? 0,
    most: number(feature.act_max) ?? usualMost,
    quantileValues: numbers(feature.quantile_values),
    histogram: numbers(feature.histogram),
    frequency: number(feature.activation_frequency) ?? Number.NaN,
  };
}

function parseQuantile(value: unknown): Quantile {
  const { quantile_name: name, examples }: Unchecked<ExampleQuantile> = record(value);
  return { name: text(name), examples: list(examples).map(parseExample) };
}

function parseExample(value: unknown): Example {
  const raw: Unchecked<FeatureExample> = record(value);
  const tokens = list(raw.tokens).map(text);
  const activations = list(raw.tokens_acts_list).map((each) => number(each) ?? 0);
  return {
    tokens,
    activations: tokens.map((_, place) => activations[place] ?? 0),
    chosen: number(raw.train_token_ind) ?? -1,
    repeated: raw.is_repeated_datapoint === true,
  };
}

/** A part of an example that has one colour. */
export interface Stretch {
  readonly text: string;
  readonly activation: number;
  readonly chosen: boolean;
}

/**
 * The tokens of an example. Tokens that are bytes of one character are joined: `\xe2\x82\xac` over up to five tokens is
 * €.
 */
export function stretches({ tokens, activations, chosen }: Example): Stretch[] {
  const result: Stretch[] = [];
  for (let first = 0; first < tokens.length; ) {
    const length = bytesFrom(tokens, first);
    const part = tokens.slice(first, first + length);
    result.push({
      text: length > 1 || isEscape(tokens[first]) ? decodeBytes(part.join('')) : tokens[first],
      activation: Math.max(...activations.slice(first, first + length)),
      chosen: chosen >= first && chosen < first + length,
    });
    first += length;
  }
  return result;
}

const escapes = /^(?:\\x[0-9a-f]{2})+$/i;
const maxTokensPerCharacter = 5;

function isEscape(token: string): boolean {
  return escapes.test(token);
}

/** The number of tokens from `first` on that form one decodable run of bytes. 1 if there is none. */
function bytesFrom(tokens: readonly string[], first: number): number {
  for (let length = 1; length <= maxTokensPerCharacter && isEscape(tokens[first + length - 1] ?? ''); length++) {
    if (!decodeBytes(tokens.slice(first, first + length).join('')).includes('\ufffd')) return length;
  }
  return 1;
}

function decodeBytes(escaped: string): string {
  const bytes = escaped.match(/[0-9a-f]{2}/gi)?.map((pair) => Number.parseInt(pair, 16)) ?? [];
  return new TextDecoder().decode(Uint8Array.from(bytes));
}

/** The relative position of an activation between least and most, 0 to 1. */
export function strength(activation: number, { least, most }: FeatureInfo): number {
  if (activation === 0 || !(most > least)) return 0;
  return Math.min(1, Math.max(0, (activation - least) / (most - least)));
}

/** The histogram bar that contains an activation, or -1. */
export function barOf(activation: number, { least, most, histogram }: FeatureInfo): number {
  if (histogram.length === 0 || !Number.isFinite(activation) || !(most > least)) return -1;
  const place = Math.floor(((activation - least) / (most - least)) * histogram.length);
  return Math.min(histogram.length - 1, Math.max(0, place));
}

/**
 * The index of the first quantile value that is at least the activation, in percent of their number. NaN if there are
 * none.
 */
export function percentile(activation: number, { quantileValues }: FeatureInfo): number {
  if (quantileValues.length === 0 || !Number.isFinite(activation)) return Number.NaN;
  const place = quantileValues.findIndex((value) => value >= activation);
  return place < 0 ? 100 : (100 * place) / quantileValues.length;
}
