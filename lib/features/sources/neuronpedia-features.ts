import { CircuitTracerError } from '../../errors';
import type { FeatureExample, FeatureExamples } from '../../graph-file/feature-examples';
import type { NeuronpediaNames } from '../../graph-file/neuronpedia';
import { isObject } from '../../is-object';
import { parseJson } from '../../json';
import type { FeatureName, OwnedSource } from './feature-source';
import { fetchBytes } from './fetch-bytes';

const maxAnswerBytes = 64 * 2 ** 20;
const maxExamples = 20;

/** The dashboards of a set on Neuronpedia, read one feature at a time. */
export class NeuronpediaFeatures implements OwnedSource {
  readonly #address: string;
  readonly #names: Required<NeuronpediaNames>;

  /** @param address the URL of the site, without a trailing slash */
  constructor(names: Required<NeuronpediaNames>, address: string) {
    this.#names = names;
    this.#address = address;
  }

  async read({ layer, feature }: FeatureName, signal?: AbortSignal): Promise<FeatureExamples | undefined> {
    const { modelId, sourceSet } = this.#names;
    const url = `${this.#address}/api/features`;
    const body = [{ modelId, layer: `${layer}-${sourceSet}`, index: feature, maxActsToReturn: maxExamples }];
    const answer = await fetchBytes(url, { most: maxAnswerBytes, body, signal });
    const [found] = parseList(url, answer);
    return found === undefined ? undefined : featureOfNeuron(found, feature);
  }

  async close(): Promise<void> {}
}

function parseList(url: string, answer: Buffer): unknown[] {
  try {
    const value: unknown = parseJson(answer.toString('utf8'));
    if (Array.isArray(value)) return value;
  } catch {
    // Invalid JSON is reported below.
  }
  throw new CircuitTracerError('ERR_FILE_FORMAT', `${url}: expected a list of features, found other content.`);
}

/**
 * Convert a feature from Neuronpedia: `activations` with `tokens` and `values`, `pos_str` and `neg_str` for the tokens
 * with raised and lowered logits, `frac_nonzero`, the bars of its histogram, and `maxActApprox`. Fields of the wrong
 * type are omitted.
 */
export function featureOfNeuron(neuron: unknown, index: number): FeatureExamples | undefined {
  if (!isObject(neuron)) return undefined;
  const activations = Array.isArray(neuron.activations) ? neuron.activations : [];
  const examples = activations.flatMap(parseExample).sort((a, b) => peak(b) - peak(a));
  const highest = number(neuron.maxActApprox) || Math.max(0, ...examples.map(peak));
  const heights = numbers(neuron.freq_hist_data_bar_heights);
  return {
    index,
    examples_quantiles: [{ quantile_name: 'Top activations', examples }],
    top_logits: texts(neuron.pos_str),
    bottom_logits: texts(neuron.neg_str),
    act_min: 0,
    act_max: highest,
    ...(heights.length > 0 && { histogram: heights }),
    ...(number(neuron.frac_nonzero) !== undefined && { activation_frequency: number(neuron.frac_nonzero) as number }),
  };
}

function parseExample(activation: unknown): FeatureExample[] {
  if (!isObject(activation)) return [];
  const [tokens, values] = [texts(activation.tokens), numbers(activation.values)];
  if (tokens.length === 0 || tokens.length !== values.length) return [];
  const index = number(activation.maxValueTokenIndex);
  return [{ tokens, tokens_acts_list: values, ...(index !== undefined && { train_token_ind: index }) }];
}

function peak({ tokens_acts_list }: FeatureExample): number {
  return Math.max(0, ...tokens_acts_list);
}

function number(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

function numbers(value: unknown): number[] {
  return Array.isArray(value) && value.every((item) => number(item) !== undefined) ? value : [];
}

function texts(value: unknown): string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string') ? value : [];
}
