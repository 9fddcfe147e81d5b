import { readFileSync } from 'node:fs';
import type { TensorSource, ViewStep } from '../../lib/io/tensor-source';

/** The numbers of a float32 or bfloat16 tensor source with its view applied, in plain loops. */
export function readSource(source: TensorSource | undefined): { shape: number[]; data: number[] } {
  const read = source && readers[source.dtype];
  if (!read) throw new Error(`expected a float32 or bfloat16 source, found ${source?.dtype}`);
  const bytes = source.data ? Buffer.from(source.data) : readFileSync(source.file ?? '');
  const count = source.shape.reduce((product, size) => product * size, 1);
  const data = Array.from({ length: count }, (_, i) => read(bytes, source.offset, i));
  return source.view.reduce(step, { shape: [...source.shape], data });
}

const readers: Record<string, (bytes: Buffer, offset: number, i: number) => number> = {
  float32: (bytes, offset, i) => bytes.readFloatLE(offset + 4 * i),
  // The upper half of a float32.
  bfloat16: (bytes, offset, i) => {
    const word = new DataView(new ArrayBuffer(4));
    word.setUint16(0, bytes.readUInt16LE(offset + 2 * i));
    return word.getFloat32(0);
  },
};

function step({ shape, data }: { shape: number[]; data: number[] }, view: ViewStep) {
  if (view.op === 'reshape') return { shape: view.shape, data };
  if (view.op === 'permute') {
    const result = view.dims.map((dim) => shape[dim] as number);
    return { shape: result, data: gather(result, (at) => offset(shape, unpermuted(at, view.dims)), data) };
  }
  if (view.op === 'slice') {
    const result = shape.map((size, dim) => (dim === view.dim ? view.stop - view.start : size));
    const moved = (at: number[]) => at.map((index, dim) => (dim === view.dim ? index + view.start : index));
    return { shape: result, data: gather(result, (at) => offset(shape, moved(at)), data) };
  }
  const result = shape.filter((_, dim) => dim !== view.dim);
  return { shape: result, data: gather(result, (at) => offset(shape, at.toSpliced(view.dim, 0, view.index)), data) };
}

function unpermuted(at: number[], dims: readonly number[]): number[] {
  const result: number[] = [];
  for (const [i, dim] of dims.entries()) result[dim] = at[i] as number;
  return result;
}

function gather(shape: readonly number[], from: (at: number[]) => number, data: readonly number[]): number[] {
  const count = shape.reduce((product, size) => product * size, 1);
  return Array.from({ length: count }, (_, i) => data[from(indices(i, shape))] as number);
}

function indices(flat: number, shape: readonly number[]): number[] {
  const result: number[] = [];
  for (const size of shape.toReversed()) {
    result.unshift(flat % size);
    flat = Math.floor(flat / size);
  }
  return result;
}

function offset(shape: readonly number[], at: readonly number[]): number {
  return at.reduce((sum, index, dim) => sum * (shape[dim] as number) + index, 0);
}
