import { PickleError } from '../../io/pickle/pickle-bytes';
import type { TorchFile } from '../../io/torch/torch-file';
import { forEachStretch } from '../../io/torch/torch-numbers';
import type { TorchTensor } from '../../io/torch/torch-tensor';
import { blockRows, EdgeRows } from '../edge-rows';

interface Counts {
  readonly features: number;
  readonly logits: number;
}

/**
 * Read the rows of features and logits, [S + K, M], of a square matrix [M, M]. The rows of errors and tokens, which
 * have no inputs, must be zero and are never kept.
 */
export async function readRectangle(
  file: TorchFile,
  matrix: TorchTensor,
  { features, logits }: Counts,
  errorsAndTokens: number,
): Promise<readonly Float32Array[]> {
  const width = features + errorsAndTokens + logits;
  if (matrix.shape[0] !== width || matrix.shape[1] !== width) {
    throw new PickleError(
      `adjacency_matrix must be [${width}, ${width}] for ${features} features, ${errorsAndTokens} errors and tokens and ` +
        `${logits} outputs; found [${matrix.shape}]`,
    );
  }
  const edges = new EdgeRows(allocate(features + logits, width), width);
  const gapStart = features * width;
  const gapEnd = gapStart + errorsAndTokens * width;
  await forEachStretch(file, matrix, (values, at) => {
    const part = Float32Array.from(values);
    const end = at + part.length;
    if (at < gapStart) edges.set(part.subarray(0, Math.min(part.length, gapStart - at)), at);
    if (end > gapEnd) edges.set(part.subarray(Math.max(0, gapEnd - at)), Math.max(at, gapEnd) - (gapEnd - gapStart));
    const gap = part.subarray(Math.max(0, gapStart - at), Math.max(0, Math.min(part.length, gapEnd - at)));
    if (gap.some((value) => value !== 0)) {
      throw new PickleError('adjacency_matrix must have no edges into errors or tokens');
    }
  });
  return edges.blocks;
}

function allocate(rows: number, width: number): Float32Array[] {
  try {
    return blockRows(rows, width).map((count) => new Float32Array(count * width));
  } catch {
    throw new PickleError(`its ${rows * width} edges do not fit in memory`);
  }
}
