import { type CallOptions, resolveCallOptions } from '../call-options';
import type { NativeEngine, NativeGraphInput, NativeJob, NativeProgress } from '../engine/binding';
import { nativeProgress, runGraphJob } from '../engine/jobs';
import { CircuitTracerError } from '../errors';
import { blocksOf } from './edge-rows';
import type { GraphData } from './graph-data';

/** Start arithmetic on a graph in native code. */
export type GraphJob<T> = (engine: NativeEngine, input: NativeGraphInput, progress?: NativeProgress) => NativeJob<T>;

/** @throws CircuitTracerError `ABORT_ERR`, or the errors of loading LibTorch. */
export async function runOnGraph<T>(data: GraphData, options: CallOptions, start: GraphJob<T>): Promise<T> {
  const { signal, onProgress } = resolveCallOptions(options);
  return runGraphJob((engine) => start(engine, nativeInput(data), nativeProgress(onProgress)), signal);
}

function nativeInput({ edges, selectedFeatures, activeFeatures, model, tokens, logits }: GraphData): NativeGraphInput {
  return {
    edges: blocksOf(edges),
    featureLayers: Int32Array.from(selectedFeatures, (active) => activeFeatures[3 * active] as number),
    nLayers: model.nLayers,
    nPositions: tokens.length,
    logitProbabilities: Float32Array.from(logits, ({ weight }) => weight),
  };
}

/**
 * Check that influence is finite. A NaN or infinity among the edges reaches the influence of some node.
 *
 * @throws CircuitTracerError `ERR_NUMERIC`
 */
export function requireFinite(values: ArrayLike<number>): void {
  for (let i = 0; i < values.length; i++) {
    if (Number.isFinite(values[i])) continue;
    throw new CircuitTracerError(
      'ERR_NUMERIC',
      `The graph's influence must be finite; found ${values[i]}. Its edges or target weights contain numbers ` +
        `that are not finite, or its outputs have no input. Compute the graph again.`,
    );
  }
}
