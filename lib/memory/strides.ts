import type { TensorSource, ViewStep } from '../io/tensor-source';

interface Layout {
  readonly shape: readonly number[];
  /** The strides in elements. */
  readonly strides: readonly number[];
}

/** Whether a view can be expressed by strides alone. LibTorch copies the numbers if a reshape needs another order. */
export function isPlainView({ shape, view }: TensorSource): boolean {
  let layout: Layout | undefined = contiguous(shape);
  for (const step of view) layout = layout && apply(layout, step);
  return layout !== undefined;
}

function contiguous(shape: readonly number[]): Layout {
  const strides = shape.map((_, dim) => shape.slice(dim + 1).reduce((product, size) => product * size, 1));
  return { shape, strides };
}

function apply({ shape, strides }: Layout, step: ViewStep): Layout | undefined {
  switch (step.op) {
    case 'permute':
      return { shape: step.dims.map((dim) => shape[dim] ?? 0), strides: step.dims.map((dim) => strides[dim] ?? 0) };
    case 'slice':
      return { shape: shape.map((size, dim) => (dim === step.dim ? step.stop - step.start : size)), strides };
    case 'select':
      return { shape: shape.toSpliced(step.dim, 1), strides: strides.toSpliced(step.dim, 1) };
    case 'reshape':
      return reshape({ shape, strides }, step.shape);
  }
}

/**
 * Reshape a layout by strides. Adjacent dimensions that are contiguous in memory form a run, which can be split
 * differently, but dimensions of different runs cannot be merged.
 */
function reshape(layout: Layout, shape: readonly number[]): Layout | undefined {
  const runs = contiguousRuns(layout);
  const strides: number[] = [];
  let run = runs.length - 1;
  let inRun = 1;
  for (const size of shape.toReversed()) {
    while (size !== 1 && inRun === runs[run]?.size) {
      run--;
      inRun = 1;
    }
    const { size: runSize = 1, stride = 1 } = runs[run] ?? {};
    strides.unshift(stride * inRun);
    inRun *= size;
    if (runSize % inRun !== 0) return undefined;
  }
  return { shape, strides };
}

function contiguousRuns({ shape, strides }: Layout): { size: number; stride: number }[] {
  const runs: { size: number; stride: number }[] = [];
  for (let dim = shape.length - 1; dim >= 0; dim--) {
    const [size, stride] = [shape[dim] ?? 0, strides[dim] ?? 0];
    if (size === 1) continue;
    const [inner] = runs;
    if (inner && stride === inner.stride * inner.size) inner.size *= size;
    else runs.unshift({ size, stride });
  }
  return runs;
}
