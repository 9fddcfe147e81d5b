import type { NdArray } from '../engine/arrays';
import type { Graph } from '../graph/graph';
import type { InterveneResult } from '../intervention/results';
import type { Intervention } from '../intervention/types';
import type { ModelWithTranscoders } from '../replacement-model/model-with-transcoders';
import type { AttributionSetup } from '../replacement-model/results';

/** A graph, the model that it is checked against, and the progress of the check. */
export interface CheckRun {
  readonly graph: Graph;
  readonly model: ModelWithTranscoders;
  readonly setup: AttributionSetup;
  readonly signal: AbortSignal | undefined;
  readonly step: () => void;
}

/** The values of the graph's nodes in a run. */
export interface Measurement {
  /** [S] pre-activations of the selected features; empty for the free model, which does not need them. */
  readonly features: Float32Array;
  /**
   * [K] for tokens, logits before the softcap minus their mean over the vocabulary; for directions, the output of the
   * final norm times their vector; for features, pre-activations. Undefined for a direction of a graph that was saved
   * without its vector.
   */
  readonly outputs: readonly (number | undefined)[];
}

/** The output of the final norm, on which directions are defined. */
const finalOutput = 'unembed.hook_pre';

/** Run the graph's tokens with interventions, with everything or nothing frozen. */
export async function measure(
  { graph, model, signal }: CheckRun,
  interventions: readonly Intervention[],
  freedom: 'frozen' | 'free',
): Promise<Measurement> {
  const frozen = freedom === 'frozen';
  const run = await model.intervene(graph.tokens, interventions, {
    freezeAttention: frozen,
    ...(frozen && { constrainedLayers: { start: 0, stop: graph.nLayers } }),
    applyActivationFunction: false,
    returnActivations: frozen || graph.logits.some(({ feature }) => feature),
    rawLogits: true,
    hookNames: graph.logits.some(({ vector }) => vector) ? [finalOutput] : [],
    exactTokens: true,
    ...(signal && { signal }),
  });
  return {
    features: frozen ? selected(graph, run.activations as NdArray) : new Float32Array(0),
    outputs: outputs(graph, run),
  };
}

function selected({ activeFeatures, selectedFeatures }: Graph, activations: NdArray): Float32Array {
  return Float32Array.from(selectedFeatures, (active) => {
    const at = (place: number) => activeFeatures[3 * active + place] as number;
    return activationAt(activations, at(0), at(1), at(2));
  });
}

/** `activations`: [L, n, F] */
function activationAt({ data, shape }: NdArray, layer: number, position: number, feature: number): number {
  const [, positions = 0, width = 0] = shape;
  return data[(layer * positions + position) * width + feature] as number;
}

function outputs(graph: Graph, { rawLogits, activations, cache }: InterveneResult): (number | undefined)[] {
  const logits = rawLogits as NdArray;
  const nTokens = logits.shape[1] as number;
  const means = new Map<number, number>();
  const meanLogit = (position: number) => {
    if (!means.has(position)) means.set(position, sum(row(logits, position)) / nTokens);
    return means.get(position) as number;
  };
  return graph.logits.map(({ tokenId, feature, vector }, rank) => {
    const { position } = graph.node(graph.logitStart + rank);
    if (feature) return activationAt(activations as NdArray, feature.layer, position, feature.feature);
    if (vector) return dot(vector, row(cache[finalOutput] as NdArray, position));
    return tokenId < nTokens ? (row(logits, position)[tokenId] as number) - meanLogit(position) : undefined;
  });
}

function row({ data, shape }: NdArray, index: number): Float32Array {
  const width = shape[1] as number;
  return data.subarray(index * width, (index + 1) * width);
}

function sum(values: Float32Array): number {
  return values.reduce((total, value) => total + value, 0);
}

function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((total, value, i) => total + value * (b[i] as number), 0);
}
