import type { TranscoderLayerWeights, TranscoderSpec } from '../../engine/transcoder-spec';
import type { TensorSource } from '../../io/tensor-source';
import type { WeightFile } from './weight-file';

/** One layer in the layout of native code, with what its weights say about the activation. */
export interface LayerPlan extends TranscoderLayerWeights {
  /** The path of its file, for messages. */
  readonly path: string;
  readonly nFeatures: number;
  readonly dModel: number;
  /** The names of the optional tensors in this layer's file, for messages. */
  readonly optionalNames: { readonly threshold: string; readonly skip: string };
  /** The `k` saved beside the weights of a TopK transcoder. */
  readonly savedK?: number;
}

/** A file format with one file per layer. Formats are detected from the content of the files, not from their names. */
export interface TranscoderFormat {
  /** The name for messages. */
  readonly name: string;
  readonly kind: TranscoderSpec['kind'];
  recognizes(file: WeightFile): boolean;
  /**
   * @param nLayers the number of layers of the whole set
   * @throws CircuitTracerError `ERR_WEIGHT` when a tensor is missing or has the wrong shape or dtype.
   */
  readLayer(file: WeightFile, layer: number, nLayers: number): Promise<LayerPlan>;
  /** The number of layers of the set, if a single file determines it. Otherwise each file is a layer. */
  countLayers?(file: WeightFile): number;
}

type Shape = readonly number[] | undefined;

/**
 * The sizes of a layer according to most of its tensors, so that an error names the tensor that differs.
 *
 * @param encoder [nFeatures, dModel]
 * @param decoder [nFeatures, ..., dModel]
 */
export function layerSizes(
  encoder: Shape,
  encoderBias: Shape,
  decoder: Shape,
  decoderBias: Shape,
): { nFeatures: number; dModel: number } {
  const features = encoderBias?.[0];
  const width = decoderBias?.[0];
  const transposed = encoder?.[0] === width && encoder?.[1] === features;
  return {
    nFeatures: commonest(features, transposed ? features : encoder?.[0], decoder?.[0]),
    dModel: commonest(width, transposed ? width : encoder?.[1], decoder?.at(-1)),
  };
}

/** The first size that occurs twice, otherwise the first available one. */
function commonest(...sizes: (number | undefined)[]): number {
  const known = sizes.filter((size) => size !== undefined);
  return known.find((size, i) => known.indexOf(size) < i) ?? known[0] ?? 0;
}

/** Per-layer decoders are stored as [nFeatures, dModel]. The layout of native code has the span in between. */
export function asSpanOne(decoder: TensorSource, nFeatures: number, dModel: number): TensorSource {
  return { ...decoder, view: [...decoder.view, { op: 'reshape', shape: [nFeatures, 1, dModel] }] };
}
