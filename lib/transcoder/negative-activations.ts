import type { TranscoderSpec } from '../engine/transcoder-spec';
import { log } from '../log';

const warned = new WeakSet<TranscoderSpec>();

/**
 * Warn once for each set when the k largest pre-activations at some position are not all above 0. sparsify and similar
 * libraries train with ReLU before TopK, so their features are never negative. Computed without ReLU, here or in the
 * reference implementation, they would be.
 *
 * @param values the activations of any features of the set
 */
export function warnOfNegatives(spec: TranscoderSpec, values: Float32Array): void {
  if (spec.activation !== 'topk' || warned.has(spec) || !values.some((value) => value < 0)) return;
  warned.add(spec);
  log().warn(
    `Some of the ${spec.k} features kept at a position have negative activations. If these transcoders were trained with ReLU ` +
      'before TopK, as sparsify does, set activation: topk_relu in config.yaml.',
  );
}
