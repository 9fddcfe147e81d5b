import { constants } from 'node:buffer';
import { PickleError } from '../../io/pickle/pickle-bytes';
import type { TorchFile } from '../../io/torch/torch-file';
import { forEachStretch } from '../../io/torch/torch-numbers';
import type { TorchTensor } from '../../io/torch/torch-tensor';

interface Counts {
  readonly features: number;
  readonly logits: number;
}

/**
 * The rows of features and logits, [S + K, M], of a square matrix [M, M]. The rows between, of errors and tokens, have no
 * inputs: they must be zero, and are never held.
 */
export async function readRectangle(
  file: TorchFile,
  matrix: TorchTensor,
  { features, logits }: Counts,
  errorsAndTokens: number,
): Promise<Float32Array> {
  const width = features + errorsAndTokens + logits;
  if (matrix.shape[0] !== width || matrix.shape[1] !== width) {
    throw new PickleError(
      `adjacency_matrix must be [${width}, ${width}] for ${features} features, ${errorsAndTokens} errors and tokens and ` +
        `${logits} outputs; found [${matrix.shape}]`,
    );
  }
  const length = (features + logits) * width;
  if (length * 4 > constants.MAX_LENGTH) throw new PickleError(`its ${length} edges are more than memory holds`);
  const edges = new Float32Array(length);
  const gapStart = features * width;
  const gapEnd = gapStart + errorsAndTokens * width;
  await forEachStretch(file, matrix, (values, at) => {
    const part = Float32Array.from(values);
    const end = at + part.length;
    if (at < gapStart) edges.set(part.subarray(0, Math.min(part.length, gapStart - at)), at);
    if (end > gapEnd) edges.set(part.subarray(Math.max(0, gapEnd - at)), Math.max(at, gapEnd) - (gapEnd - gapStart));
    const gap = part.subarray(Math.max(0, gapStart - at), Math.max(0, Math.min(part.length, gapEnd - at)));
    if (gap.some((value) => value !== 0)) {
      throw new PickleError('its adjacency_matrix gives inputs to errors or tokens, which have none');
    }
  });
  return edges;
}
