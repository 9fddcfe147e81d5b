/** The element types of weights in files. Index and mask tensors are never read. */
export type StoredDtype = 'float64' | 'float32' | 'float16' | 'bfloat16' | 'uint8';

export const storedItemSize: Record<StoredDtype, number> = {
  float64: 8,
  float32: 4,
  float16: 2,
  bfloat16: 2,
  uint8: 1,
};

/** The names of the element types in safetensors headers. */
export const storedDtypeNames: Record<StoredDtype, string> = {
  float64: 'F64',
  float32: 'F32',
  float16: 'F16',
  bfloat16: 'BF16',
  uint8: 'U8',
};

/**
 * A lazy view operation. Native code applies the steps in order and copies only where strides cannot express the
 * result.
 */
export type ViewStep =
  | { op: 'reshape'; shape: number[] }
  | { op: 'permute'; dims: number[] }
  | { op: 'slice'; dim: number; start: number; stop: number }
  | { op: 'select'; dim: number; index: number };

/**
 * The location of a tensor's numbers and the view to apply: all that native code needs to know about a file format.
 *
 * Exactly one of `file` (absolute path; memory-mapped by native code) and `data` (bytes in memory) is set.
 */
export interface TensorSource {
  /** The name in the file, for error messages: `model.norm.weight in model.safetensors`. */
  readonly name: string;
  readonly file?: string;
  readonly data?: Uint8Array;
  /** The byte offset of the first element in `file` or `data`. It may be unaligned. */
  readonly offset: number;
  readonly dtype: StoredDtype;
  /** The shape as stored, in C order. */
  readonly shape: readonly number[];
  readonly view: readonly ViewStep[];
  /** A number to add in float32 before the cast to the compute dtype: Gemma stores gain - 1. Default 0. */
  readonly add?: number;
  /**
   * MXFP4 block scales. When present this tensor is uint8 `[..., groups, 16]` of packed FP4 pairs, `scales` is uint8
   * `[..., groups]`, and the decoded tensor before `view` is `[..., groups * 32]`. OCP Microscaling Formats v1.0.
   */
  readonly scales?: TensorSource;
  /**
   * Whether infinite numbers are valid: a threshold of Infinity turns a feature off. Default false, which makes them an
   * error.
   */
  readonly mayBeInfinite?: boolean;
  /** The checksum of the tensor's bytes, if the file has one. It is checked before the weights are loaded. */
  readonly checksum?: FileChecksum;
}

/** The CRC-32 of bytes `start` to `end - 1` of a file. */
export interface FileChecksum {
  readonly file: string;
  readonly start: number;
  readonly end: number;
  readonly crc32: number;
}

/** The shape after all view steps, starting from the stored shape (decoded, for MXFP4). */
export function viewedShape(source: TensorSource): number[] {
  let shape = [...source.shape];
  if (source.scales) shape = [...source.scales.shape.slice(0, -1), (source.scales.shape.at(-1) ?? 0) * 32];
  for (const step of source.view) shape = shapeAfter(shape, step);
  return shape;
}

function shapeAfter(shape: number[], step: ViewStep): number[] {
  switch (step.op) {
    case 'reshape':
      return [...step.shape];
    case 'permute':
      return step.dims.map((dim) => shape[dim] ?? 0);
    case 'slice':
      return shape.map((size, dim) => (dim === step.dim ? step.stop - step.start : size));
    case 'select':
      return shape.filter((_, dim) => dim !== step.dim);
  }
}

/** Append view steps to a source. */
export function through(source: TensorSource, ...steps: ViewStep[]): TensorSource {
  return { ...source, view: [...source.view, ...steps] };
}

/** The view steps for an array stored in Fortran order, whose stored shape has reversed dimensions. */
export function fortranView(shape: readonly number[]): ViewStep[] {
  return shape.length < 2 ? [] : [{ op: 'permute', dims: shape.map((_, dim) => shape.length - 1 - dim) }];
}

/** Swap the two dimensions of a matrix. */
export function transposed(source: TensorSource): TensorSource {
  return through(source, { op: 'permute', dims: [1, 0] });
}

/** Rows `start` to `stop` (exclusive) along `dim`. */
export function sliced(source: TensorSource, dim: number, start: number, stop: number): TensorSource {
  return through(source, { op: 'slice', dim, start, stop });
}
