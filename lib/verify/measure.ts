import type { Intervention } from '../intervention/types';
import type { NdArray } from '../model/results';
import type { CheckRun } from './frozen-check';

/** What a run says of the graph's nodes. */
export interface Measurement {
  /** [S] pre-activations of the selected features; empty in the free model, where they aren't asked for. */
  readonly features: Float32Array;
  /**
   * [K] logits before the softcap, less their mean over the vocabulary. Undefined where the target is no token: its
   * vector isn't kept in the graph.
   */
  readonly outputs: readonly (number | undefined)[];
}

/** Run the graph's tokens with interventions, everything frozen or nothing. */
export async function measure(
  { graph, model, signal }: CheckRun,
  interventions: readonly Intervention[],
  freedom: 'frozen' | 'free',
): Promise<Measurement> {
  const frozen = freedom === 'frozen';
  const { activations, rawLogits } = await model.intervene(graph.tokens, interventions, {
    freezeAttention: frozen,
    ...(frozen && { constrainedLayers: { start: 0, stop: graph.nLayers } }),
    applyActivationFunction: false,
    returnActivations: frozen,
    rawLogits: true,
    exactTokens: true,
    ...(signal && { signal }),
  });
  return {
    features: frozen ? selected(graph, activations as NdArray) : new Float32Array(0),
    outputs: outputs(graph, rawLogits as NdArray),
  };
}

function selected({ activeFeatures, selectedFeatures }: CheckRun['graph'], { data, shape }: NdArray): Float32Array {
  const [, positions = 0, width = 0] = shape;
  return Float32Array.from(selectedFeatures, (active) => {
    const [layer = 0, position = 0, feature = 0] = activeFeatures.subarray(3 * active, 3 * active + 3);
    return data[(layer * positions + position) * width + feature] as number;
  });
}

function outputs(graph: CheckRun['graph'], { data, shape }: NdArray): (number | undefined)[] {
  const width = shape[1] as number;
  const means = new Map<number, number>();
  return graph.logits.map((target, rank) => {
    const { position } = graph.node(graph.logitStart + rank);
    if (!isToken(target, width)) return undefined;
    const row = data.subarray(position * width, (position + 1) * width);
    if (!means.has(position)) means.set(position, row.reduce((sum, value) => sum + value, 0) / width);
    return (row[target.tokenId] as number) - (means.get(position) as number);
  });
}

/** Directions and features as targets have ids outside the vocabulary. */
function isToken({ tokenId }: { tokenId: number }, nTokens: number): boolean {
  return tokenId >= 0 && tokenId < nTokens;
}
