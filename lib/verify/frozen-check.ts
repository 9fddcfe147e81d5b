import type { Graph } from '../graph/graph';
import type { Intervention } from '../intervention/types';
import { Comparisons, type ErrorStatistics } from './comparison';
import { type CheckRun, type Measurement, measure } from './measure';
import type { SourceNode } from './sample';

/** The comparison of the graph's edges with the model that they are derived from. */
export interface FrozenCheck extends ErrorStatistics {
  readonly samples: { readonly features: number; readonly errors: number; readonly tokens: number };
  /** The largest |edge| of the graph. */
  readonly largestEdge: number;
  /** The share of samples for which all comparisons are within the tolerance; 1 when there are none. */
  readonly shareOfSamplesWithinTolerance: number;
  /** Whether all samples are within the tolerance. */
  readonly passed: boolean;
}

/**
 * Add each sampled node to the frozen model a second time (the activation of a feature, or the vector of an error or a
 * token), and compare the changes of all pre-activations and outputs with the node's edges. Attention patterns, norm
 * scales and MLP outputs stay those of the clean run, so each change is a direct effect.
 */
export async function frozenCheck(
  run: CheckRun,
  samples: readonly SourceNode[],
  tolerance: number,
): Promise<FrozenCheck> {
  const { graph } = run;
  const targets = graph.nSelected + graph.nLogits;
  const largestEdge = await graph.largestEdge({ signal: run.signal });
  const comparisons = new Comparisons(samples.length * targets, (index) => graph.label(graph.node(index)));
  const clean = await measure(run, [], 'frozen');
  let good = 0;
  for (const source of samples) {
    const edited = await measure(run, [addition(source, run)], 'frozen');
    if (compare(graph, source.index, clean, edited, comparisons) <= tolerance * largestEdge) good++;
    run.step();
  }
  const count = (kind: SourceNode['kind']) => samples.filter((node) => node.kind === kind).length;
  return {
    samples: { features: count('feature'), errors: count('error'), tokens: count('token') },
    largestEdge,
    shareOfSamplesWithinTolerance: samples.length === 0 ? 1 : good / samples.length,
    passed: good === samples.length,
    ...comparisons.statistics(tolerance * largestEdge),
  };
}

/** The intervention that adds a node to the model a second time. */
function addition(node: SourceNode, { model, setup }: CheckRun): Intervention {
  const { position } = node;
  if (node.kind === 'feature') {
    return { layer: node.layer, position, feature: node.feature, add: node.activation };
  }
  const width = model.spec.dModel;
  if (node.kind === 'token') {
    const vector = setup.tokenVectors.data.subarray(position * width, (position + 1) * width);
    return { hook: 'hook_embed', position, vector };
  }
  const row = node.layer * setup.tokens.length + position;
  const vector = setup.errorVectors.data.subarray(row * width, (row + 1) * width);
  return { hook: `blocks.${node.layer}.${model.transcoderSpec.featureOutputHook}`, position, vector };
}

/** @returns the largest error */
function compare(
  graph: Graph,
  source: number,
  clean: Measurement,
  edited: Measurement,
  comparisons: Comparisons,
): number {
  let worst = 0;
  const add = (target: number, measured: number) => {
    worst = Math.max(worst, comparisons.add(source, target, graph.weight(target, source), measured));
  };
  for (let i = 0; i < graph.nSelected; i++) {
    if (i !== source) add(i, (edited.features[i] as number) - (clean.features[i] as number));
  }
  for (const [rank, value] of edited.outputs.entries()) {
    if (value !== undefined) add(graph.logitStart + rank, value - (clean.outputs[rank] as number));
  }
  return worst;
}
