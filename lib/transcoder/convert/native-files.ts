import type { TranscoderLayerWeights, TranscoderPlan } from '../../engine/transcoder-spec';
import { type StoredDtype, type TensorSource, through, viewedShape } from '../../io/tensor-source';
import { type RoundedTensor, roundedTo } from './write-tensors';

export interface ConvertedFile {
  readonly name: string;
  readonly tensors: readonly RoundedTensor[];
}

/**
 * Lay out a set of transcoders as files in the native format of its kind.
 *
 * @param dtype the dtype of all tensors; undefined keeps the dtype of each
 */
export function nativeFiles({ spec, layers }: TranscoderPlan, dtype: StoredDtype | undefined): ConvertedFile[] {
  const file = (name: string, sources: Record<string, TensorSource | undefined>): ConvertedFile => ({
    name: `${name}.safetensors`,
    tensors: Object.entries(sources).flatMap(([tensor, source]) =>
      source ? [roundedTo(dtype ?? source.dtype, tensor, source)] : [],
    ),
  });
  if (spec.kind === 'perLayer')
    return layers.map((layer, l) => file(`layer_${l}`, perLayerTensors(layer, spec.dModel)));
  return layers.flatMap((layer, l) => [
    file(`W_enc_${l}`, crossLayerTensors(layer, l)),
    file(`W_dec_${l}`, { [`W_dec_${l}`]: layer.decoder }),
  ]);
}

function perLayerTensors(layer: TranscoderLayerWeights, dModel: number): Record<string, TensorSource | undefined> {
  const nFeatures = viewedShape(layer.decoder)[0] ?? 0;
  return {
    W_enc: layer.encoder,
    W_dec: through(layer.decoder, { op: 'reshape', shape: [nFeatures, dModel] }),
    b_enc: layer.encoderBias,
    b_dec: layer.decoderBias,
    'activation_function.threshold': thresholdSource(layer),
    W_skip: layer.skip,
  };
}

function crossLayerTensors(layer: TranscoderLayerWeights, l: number): Record<string, TensorSource | undefined> {
  return {
    [`W_enc_${l}`]: layer.encoder,
    [`b_enc_${l}`]: layer.encoderBias,
    [`b_dec_${l}`]: layer.decoderBias,
    [`threshold_${l}`]: thresholdSource(layer),
    // This format stores [in, out]; a plan has [out, in].
    [`W_skip_${l}`]: layer.skip && through(layer.skip, { op: 'permute', dims: [1, 0] }),
  };
}

function thresholdSource({ threshold }: TranscoderLayerWeights): TensorSource | undefined {
  return threshold && { ...threshold, mayBeInfinite: true };
}
