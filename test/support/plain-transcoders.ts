import type { PlainLayer, PlainTranscoders } from './random-transcoders';

/**
 * Transcoders written out in plain loops and float64, as an oracle for the native ones.
 *
 * @param x [L, rows, D]
 * @returns [L, rows, F]
 */
export function plainEncode(transcoders: PlainTranscoders, x: ArrayLike<number>, activate = true): Float64Array {
  const { nLayers, dModel, nFeatures } = transcoders;
  const rows = x.length / nLayers / dModel;
  const result = new Float64Array(nLayers * rows * nFeatures);
  for (let at = 0; at < nLayers * rows; at++) {
    const layer = transcoders.layers[Math.floor(at / rows)] as PlainLayer;
    const h = new Float64Array(nFeatures);
    for (let f = 0; f < nFeatures; f++) {
      h[f] = (layer.encoderBias[f] as number) + dot(layer.encoder, f * dModel, x, at * dModel, dModel);
    }
    result.set(activate ? activation(transcoders, layer, h) : h, at * nFeatures);
  }
  return result;
}

function activation({ activation, k }: PlainTranscoders, { threshold }: PlainLayer, h: Float64Array): Float64Array {
  if (activation === 'relu') return h.map((value) => Math.max(value, 0));
  if (activation === 'jumprelu') return h.map((value, f) => (value > (threshold?.[f] as number) ? value : 0));
  const smallestKept = h.toSorted().at(-k) as number;
  const least = activation === 'topk_relu' ? Math.max(smallestKept, 0) : smallestKept;
  return h.map((value) => (value >= least ? value : 0));
}

/**
 * @param activations [L, rows, F]
 * @param inputs [L, rows, D] for the skip connection
 * @returns [L, rows, D]
 */
export function plainDecode(
  transcoders: PlainTranscoders,
  activations: ArrayLike<number>,
  inputs: ArrayLike<number>,
): Float64Array {
  const { nLayers, dModel, nFeatures, layers } = transcoders;
  const rows = activations.length / nLayers / nFeatures;
  const result = new Float64Array(nLayers * rows * dModel);
  for (const [l, layer] of layers.entries()) {
    for (let row = 0; row < rows; row++) {
      const at = l * rows + row;
      for (let d = 0; d < dModel; d++) {
        const skip = layer.skip ? dot(layer.skip, d * dModel, inputs, at * dModel, dModel) : 0;
        result[at * dModel + d] = (result[at * dModel + d] as number) + (layer.decoderBias[d] as number) + skip;
      }
      for (let f = 0; f < nFeatures; f++) {
        const value = activations[at * nFeatures + f] as number;
        for (let i = 0; value !== 0 && i < layer.span * dModel; i++) {
          const target = ((l + Math.floor(i / dModel)) * rows + row) * dModel + (i % dModel);
          const weight = layer.decoder[f * layer.span * dModel + i] as number;
          result[target] = (result[target] as number) + value * weight;
        }
      }
    }
  }
  return result;
}

function dot(a: ArrayLike<number>, aStart: number, b: ArrayLike<number>, bStart: number, length: number): number {
  let sum = 0;
  for (let i = 0; i < length; i++) sum += (a[aStart + i] as number) * (b[bStart + i] as number);
  return sum;
}
