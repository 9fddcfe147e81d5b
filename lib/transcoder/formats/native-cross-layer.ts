import { join } from 'node:path';
import { transposed } from '../../io/tensor-source';
import { type LayerPlan, layerSizes } from './format';
import { missingLayer, numberedFiles } from './numbered-files';
import { WeightFile } from './weight-file';

const encoderFile = (layer: number) => `W_enc_${layer}.safetensors`;
const decoderFile = (layer: number) => `W_dec_${layer}.safetensors`;

/** Whether the file names in a folder are those of this format. */
export function hasNativeCrossLayerFiles(names: readonly string[]): boolean {
  return names.some((name) => /^W_(enc|dec)_\d+\.safetensors$/.test(name));
}

/**
 * Two safetensors files per layer l of L. W_enc_l.safetensors: W_enc_l [F, D], b_enc_l [F], b_dec_l [D] of OUTPUT layer
 * l, optionally threshold_l ([F] or one number) for JumpReLU and W_skip_l [D, D] used as x @ W_skip_l and therefore
 * stored as [in, out]. W_dec_l.safetensors: W_dec_l [F, L - l, D], entry j writing to layer l + j.
 *
 * @throws CircuitTracerError `ERR_FILE_NOT_FOUND` naming the file of a missing layer; `ERR_WEIGHT` when a tensor is
 * missing or has the wrong shape or dtype.
 */
export async function readNativeCrossLayer(folder: string, names: readonly string[]): Promise<LayerPlan[]> {
  const encoders = numberedFiles(folder, names, /^W_enc_(\d+)\.safetensors$/);
  const decoders = numberedFiles(folder, names, /^W_dec_(\d+)\.safetensors$/);
  const first = decoders.get(0);
  const count = Math.max(...encoders.keys(), ...decoders.keys()) + 1;
  // The first decoder writes to all layers, so its span shows whether the last files are missing.
  const span = first ? ((await WeightFile.open(join(folder, first))).shape('W_dec_0')?.[1] ?? 0) : 0;
  for (let layer = 0; layer < Math.max(count, span); layer++) {
    if (!encoders.has(layer)) throw missingLayer(folder, layer, encoderFile(layer), Math.max(count, span));
    if (!decoders.has(layer)) throw missingLayer(folder, layer, decoderFile(layer), Math.max(count, span));
  }
  const layers: LayerPlan[] = [];
  for (let layer = 0; layer < count; layer++) layers.push(await readLayer(folder, layer, count));
  return layers;
}

async function readLayer(folder: string, layer: number, nLayers: number): Promise<LayerPlan> {
  const file = await WeightFile.open(join(folder, encoderFile(layer)));
  const decoders = await WeightFile.open(join(folder, decoderFile(layer)));
  const { nFeatures, dModel } = layerSizes(
    file.shape(`W_enc_${layer}`),
    file.shape(`b_enc_${layer}`),
    decoders.shape(`W_dec_${layer}`),
    file.shape(`b_dec_${layer}`),
  );
  const threshold = `threshold_${layer}`;
  const skip = `W_skip_${layer}`;
  return {
    path: file.path,
    nFeatures,
    dModel,
    optionalNames: { threshold, skip },
    encoder: file.take(`W_enc_${layer}`, [nFeatures, dModel], 'nFeatures, dModel'),
    encoderBias: file.take(`b_enc_${layer}`, [nFeatures], 'nFeatures'),
    decoder: decoders.take(
      `W_dec_${layer}`,
      [nFeatures, nLayers - layer, dModel],
      'nFeatures, layers it writes to, dModel',
    ),
    decoderBias: file.take(`b_dec_${layer}`, [dModel], 'dModel'),
    ...(file.has(threshold) && { threshold: await file.takeBroadcast(threshold, nFeatures, 'nFeatures') }),
    ...(file.has(skip) && { skip: transposed(file.take(skip, [dModel, dModel], 'dModel, dModel')) }),
  };
}
