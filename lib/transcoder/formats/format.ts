import type { TranscoderLayerWeights, TranscoderSpec } from '../../engine/transcoder-spec';
import type { TensorSource } from '../../io/tensor-source';
import type { WeightFile } from './weight-file';

/** One layer as a format reads it: native's layout, and what the weights themselves say of the activation. */
export interface LayerPlan extends TranscoderLayerWeights {
  /** The file it is read from, for messages. */
  readonly path: string;
  readonly nFeatures: number;
  readonly dModel: number;
  /** What this layer's file calls the tensors that only some sets have, for messages. */
  readonly optionalNames: { readonly threshold: string; readonly skip: string };
  /** The `k` saved beside the weights of a TopK transcoder. */
  readonly savedK?: number;
}

/** A file format with one file per layer. Formats are told apart by what the files hold, not by what they are called. */
export interface TranscoderFormat {
  /** As messages call it. */
  readonly name: string;
  readonly kind: TranscoderSpec['kind'];
  recognizes(file: WeightFile): boolean;
  /**
   * @param nLayers of the whole set
   * @throws CircuitTracerError `ERR_WEIGHT` when a tensor is missing or has the wrong shape or dtype.
   */
  readLayer(file: WeightFile, layer: number, nLayers: number): Promise<LayerPlan>;
  /** Layers of the set, where one file tells; otherwise there are as many layers as files. */
  countLayers?(file: WeightFile): number;
}

type Shape = readonly number[] | undefined;

/**
 * Features and width of a layer, as most of its tensors have them, so that the error names the odd one out.
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

/** The first size found twice, or else the first there is. */
function commonest(...sizes: (number | undefined)[]): number {
  const known = sizes.filter((size) => size !== undefined);
  return known.find((size, i) => known.indexOf(size) < i) ?? known[0] ?? 0;
}

/** Per-layer decoders are stored [nFeatures, dModel]; native's layout has the span in between. */
export function asSpanOne(decoder: TensorSource, nFeatures: number, dModel: number): TensorSource {
  return { ...decoder, view: [...decoder.view, { op: 'reshape', shape: [nFeatures, 1, dModel] }] };
}
