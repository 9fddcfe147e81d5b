import type { TranscoderSpec } from '../engine/transcoder-spec';
import { log } from '../log';

const told = new WeakSet<TranscoderSpec>();

/**
 * Warn, once for a set, when the k largest pre-activations of some position are not all above 0. sparsify and its kin train
 * with ReLU before TopK: their features are never negative, and ours and the reference's would be.
 *
 * @param values activations of any features of the set
 */
export function warnOfNegatives(spec: TranscoderSpec, values: Float32Array): void {
  if (spec.activation !== 'topk' || told.has(spec) || !values.some((value) => value < 0)) return;
  told.add(spec);
  log().warn(
    `Some of the ${spec.k} features kept at a position have negative activations. If these transcoders were trained with ReLU ` +
      'before TopK, as sparsify does, set activation: topk_relu in config.yaml.',
  );
}
