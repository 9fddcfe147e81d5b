import { storedItemSize, type TensorSource } from '../io/tensor-source';

export function product(sizes: readonly number[]): number {
  return sizes.reduce((result, size) => result * size, 1);
}

/** The stored size of a tensor in bytes, including its scales. */
export function storedBytes({ shape, dtype, scales }: TensorSource): number {
  return product(shape) * storedItemSize[dtype] + (scales ? storedBytes(scales) : 0);
}

/** The number of bytes that Linux maps around an address that is read. */
const faultBytes = 16 * 4096;

/**
 * The bytes of a file that become resident when the view of a tensor is read. Each contiguous run of numbers brings in
 * the bytes around it.
 */
export function touchedBytes(source: TensorSource): number {
  const item = storedItemSize[source.dtype];
  let sizes = [...source.shape];
  let bytes = storedBytes(source);
  for (const step of source.view) {
    // A slice after a permutation is scattered, so the whole tensor is touched.
    if (step.op === 'permute') break;
    if (step.op === 'reshape') {
      sizes = [...step.shape];
      continue;
    }
    const kept = step.op === 'slice' ? step.stop - step.start : 1;
    const inner = item * product(sizes.slice(step.dim + 1));
    const around = step.dim === 0 ? 0 : faultBytes;
    bytes *= Math.min(1, (kept * inner + around) / (inner * (sizes[step.dim] ?? 1)));
    sizes = step.op === 'slice' ? sizes.with(step.dim, kept) : sizes.toSpliced(step.dim, 1);
  }
  return bytes;
}
