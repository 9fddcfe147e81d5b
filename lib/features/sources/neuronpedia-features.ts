import { CircuitTracerError } from '../../errors';
import type { FeatureExample, FeatureExamples } from '../../graph-file/feature-examples';
import type { NeuronpediaNames } from '../../graph-file/neuronpedia';
import { isObject } from '../../is-object';
import { parseJson } from '../../json';
import type { FeatureName, FeatureSource } from './feature-source';
import { fetchBytes } from './fetch-bytes';

const largestAnswer = 64 * 2 ** 20;
const mostExamples = 20;

/** The dashboards of a set on Neuronpedia, one feature at a time. */
export class NeuronpediaFeatures implements FeatureSource {
  readonly #address: string;
  readonly #names: Required<NeuronpediaNames>;

  /** @param address of the site, without a slash at its end */
  constructor(names: Required<NeuronpediaNames>, address: string) {
    this.#names = names;
    this.#address = address;
  }

  async read({ layer, feature }: FeatureName, signal?: AbortSignal): Promise<FeatureExamples | undefined> {
    const { modelId, sourceSet } = this.#names;
    const url = `${this.#address}/api/features`;
    const body = [{ modelId, layer: `${layer}-${sourceSet}`, index: feature, maxActsToReturn: mostExamples }];
    const answer = await fetchBytes(url, { most: largestAnswer, body, signal });
    const [found] = listOf(url, answer);
    return found === undefined ? undefined : featureOfNeuron(found, feature);
  }

  async close(): Promise<void> {}
}

function listOf(url: string, answer: Buffer): unknown[] {
  try {
    const value: unknown = parseJson(answer.toString('utf8'));
    if (Array.isArray(value)) return value;
  } catch {
    // Told below.
  }
  throw new CircuitTracerError('ERR_FILE_FORMAT', `${url}: expected a list of features, found something else.`);
}

/**
 * A feature as Neuronpedia tells it: `activations` with `tokens` and `values`, `pos_str` and `neg_str` for the tokens it makes
 * likelier and less likely, `frac_nonzero`, the bars of its histogram, `maxActApprox`. What isn't of the right type is left out.
 */
export function featureOfNeuron(neuron: unknown, index: number): FeatureExamples | undefined {
  if (!isObject(neuron)) return undefined;
  const activations = Array.isArray(neuron.activations) ? neuron.activations : [];
  const examples = activations.flatMap(exampleOf).sort((a, b) => peak(b) - peak(a));
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

function exampleOf(activation: unknown): FeatureExample[] {
  if (!isObject(activation)) return [];
  const [tokens, values] = [texts(activation.tokens), numbers(activation.values)];
  if (tokens.length === 0 || tokens.length !== values.length) return [];
  const place = number(activation.maxValueTokenIndex);
  return [{ tokens, tokens_acts_list: values, ...(place !== undefined && { train_token_ind: place }) }];
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
