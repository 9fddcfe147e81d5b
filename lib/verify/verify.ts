import { callOptions } from '../call-options';
import { CircuitTracerError } from '../errors';
import type { Graph } from '../graph/graph';
import type { FeatureNode } from '../graph/nodes';
import { integer, number, seed } from '../kinds';
import { defineOptions, type OptionsOf, resolveOptions } from '../options';
import { Phase } from '../progress';
import { Random } from '../random';
import type { ModelWithTranscoders } from '../replacement-model/model-with-transcoders';
import { checkNotAborted } from '../validate';
import { findDifferences, type GraphDifference } from './differences';
import { type FreeCheck, freeCheck } from './free-check';
import { type FrozenCheck, frozenCheck } from './frozen-check';
import { remarksOn } from './remarks';
import { sampleNodes } from './sample';

const ownVerifyOptions = defineOptions({
  /** The number of nodes to intervene on. Default 64. */
  samples: { kind: integer(1, 100_000), default: 64, flag: '--samples <n>', help: 'number of nodes to intervene on' },
  /** The seed for choosing nodes. The same seed chooses the same nodes. Default 0. */
  seed: { kind: seed, default: 0, flag: '--seed <n>', help: 'random seed; the same seed chooses the same nodes' },
  /** The maximum error, as a share of the largest |edge| (frozen) or predicted effect (free). Default 0.0001. */
  tolerance: {
    kind: number(0),
    default: 1e-4,
    flag: '--tolerance <share>',
    help: 'maximum error, as a share of the largest edge',
  },
});

export const verifyOptions: typeof ownVerifyOptions & typeof callOptions = { ...ownVerifyOptions, ...callOptions };

export interface VerifyOptions extends OptionsOf<typeof verifyOptions> {}

/** How well a graph predicts its model, as plain JSON values. */
export interface VerifyReport {
  readonly prompt: string;
  readonly seed: number;
  readonly tolerance: number;
  /**
   * The differences between the setup that the graph was made with and the one it was checked with. Read these first
   * when the check fails.
   */
  readonly differences: readonly GraphDifference[];
  /** Remarks on the results: few samples, coarse numbers, transcoders that do not match. */
  readonly remarks: readonly string[];
  /** The check of the edges against the frozen, linear model of the prompt, which checks the arithmetic. */
  readonly frozen: FrozenCheck;
  /**
   * The comparison of total effects with the model itself, which shows how good a hypothesis the graph is. It cannot
   * fail.
   */
  readonly free: FreeCheck;
}

/**
 * Measure how well a graph predicts the model it was made with, by intervening on a sample of its nodes. Takes about
 * three passes of the prompt for each sample, and the memory for the activations of one pass.
 *
 * @throws CircuitTracerError `ERR_MODEL_MISMATCH` when the graph was made with another model or other transcoders,
 * `ERR_INVALID_ARGUMENT` for a bad option, `ERR_DISPOSED`, `ABORT_ERR`.
 */
export async function verifyGraph(
  graph: Graph,
  model: ModelWithTranscoders,
  options: VerifyOptions = {},
): Promise<VerifyReport> {
  const { samples, seed, tolerance, signal, onProgress } = resolveOptions(verifyOptions, options, 'verify options');
  checkNotAborted(signal);
  const differences = findDifferences(graph, model);
  checkSameModel(graph, model, differences);
  const setup = await model.setupAttribution(graph.tokens, { exactTokens: true, signal, onProgress });
  const nodes = sampleNodes(graph, samples, setup.specialPositions, new Random(seed));
  const features = nodes.filter((node): node is FeatureNode => node.kind === 'feature');
  const run = (phase: string, total: number) => {
    const progress = new Phase(onProgress, phase, total);
    return { graph, model, setup, signal, step: () => progress.add(1) };
  };
  const frozen = await frozenCheck(run('check edges', nodes.length), nodes, tolerance);
  const free = await freeCheck(run('ablate features', features.length), features, tolerance);
  const remarks = remarksOn(model, setup, free, tolerance);
  return { prompt: graph.prompt, seed, tolerance, differences, remarks, frozen, free };
}

/**
 * @throws CircuitTracerError `ERR_MODEL_MISMATCH` when the graph cannot be run on the model.
 *
 * @internal
 */
export function checkSameModel(
  graph: Graph,
  { spec, transcoderSpec }: Pick<ModelWithTranscoders, 'spec' | 'transcoderSpec'>,
  differences: readonly GraphDifference[] = [],
): void {
  const mismatch = (reason: string) => misfit(reason, differences);
  for (const field of ['family', 'nLayers', 'dModel', 'dVocab'] as const) {
    if (graph.model[field] !== spec[field]) {
      throw mismatch(`it was made with ${field} ${graph.model[field]}, but the model has ${spec[field]}`);
    }
  }
  for (const active of graph.selectedFeatures) {
    const layer = graph.activeFeatures[3 * active] as number;
    const feature = graph.activeFeatures[3 * active + 2] as number;
    const count = transcoderSpec.nFeatures[layer] as number;
    if (feature >= count) {
      throw mismatch(`it has feature ${feature} in layer ${layer}, but the transcoder has ${count} features`);
    }
  }
}

function misfit(reason: string, differences: readonly GraphDifference[]): CircuitTracerError {
  const known = differences.map(({ message }) => ` ${message}`).join('');
  return new CircuitTracerError(
    'ERR_MODEL_MISMATCH',
    `The graph does not match this model and these transcoders: ${reason}.${known} Use those it was made with.`,
  );
}
