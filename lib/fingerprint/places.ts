import type { TensorSource, ViewStep } from '../io/tensor-source';
import { viewedShape } from '../io/tensor-source';

/** The size from which a tensor is sampled more sparsely, because each number is a separate read. */
const largeTensor = 2 ** 18;
const samplesOfLarge = 32;
const samplesOfSmall = 256;

/**
 * The positions of a sample of the numbers of a tensor, spread evenly over its view, so that the sample is independent
 * of the stored order.
 *
 * @returns indices of the stored numbers in C order
 */
export function samplePlaces(source: TensorSource): number[] {
  const shapes = allShapes(source);
  const shape = shapes.at(-1) ?? [];
  const count = product(shape);
  const samples = Math.min(count, count >= largeTensor ? samplesOfLarge : samplesOfSmall);
  return Array.from({ length: samples }, (_, i) => {
    let index = unravel(Math.floor(((i + 0.5) * count) / samples), shape);
    for (let step = source.view.length - 1; step >= 0; step--) {
      index = before(source.view[step] as ViewStep, index, shapes[step] as number[], shapes[step + 1] as number[]);
    }
    return ravel(index, source.shape);
  });
}

/** The stored shape, and the shape after each step. */
function allShapes({ shape, view, ...others }: TensorSource): number[][] {
  return [0, ...view].map((_, steps) => viewedShape({ ...others, shape, view: view.slice(0, steps) }));
}

/** Map an index after a view step to the index before it. */
function before(step: ViewStep, index: number[], from: readonly number[], to: readonly number[]): number[] {
  switch (step.op) {
    case 'reshape':
      return unravel(ravel(index, to), from);
    case 'permute': {
      const out = new Array<number>(index.length);
      for (const [at, dim] of step.dims.entries()) out[dim] = index[at] as number;
      return out;
    }
    case 'slice':
      return index.map((value, dim) => (dim === step.dim ? value + step.start : value));
    case 'select':
      return index.toSpliced(step.dim, 0, step.index);
  }
}

function unravel(position: number, shape: readonly number[]): number[] {
  const index = new Array<number>(shape.length);
  let rest = position;
  for (let dim = shape.length - 1; dim >= 0; dim--) {
    const size = shape[dim] as number;
    index[dim] = rest % size;
    rest = Math.floor(rest / size);
  }
  return index;
}

function ravel(index: readonly number[], shape: readonly number[]): number {
  return index.reduce((position, value, dim) => position * (shape[dim] as number) + value, 0);
}

function product(shape: readonly number[]): number {
  return shape.reduce((total, size) => total * size, 1);
}
