/** Element types a weight file may hold. Index and mask tensors are never read. */
export type StoredDtype = 'float64' | 'float32' | 'float16' | 'bfloat16' | 'uint8';

export const storedItemSize: Record<StoredDtype, number> = {
  float64: 8,
  float32: 4,
  float16: 2,
  bfloat16: 2,
  uint8: 1,
};

/** As safetensors headers spell them. */
export const storedDtypeNames: Record<StoredDtype, string> = {
  float64: 'F64',
  float32: 'F32',
  float16: 'F16',
  bfloat16: 'BF16',
  uint8: 'U8',
};

/** One lazy change of view; native applies them in order, copying only where strides can't express the result. */
export type ViewStep =
  | { op: 'reshape'; shape: number[] }
  | { op: 'permute'; dims: number[] }
  | { op: 'slice'; dim: number; start: number; stop: number }
  | { op: 'select'; dim: number; index: number };

/**
 * Where the numbers of one tensor are, and how to look at them: all that native needs to know of a file format.
 *
 * Exactly one of `file` (absolute path; memory-mapped by native) and `data` (bytes in memory) is set.
 */
export interface TensorSource {
  /** Name in the file, for error messages: `model.norm.weight in model.safetensors`. */
  readonly name: string;
  readonly file?: string;
  readonly data?: Uint8Array;
  /** Byte offset of the first element in `file` or `data`. May be unaligned. */
  readonly offset: number;
  readonly dtype: StoredDtype;
  /** Shape as stored, C order. */
  readonly shape: readonly number[];
  readonly view: readonly ViewStep[];
  /** Added in float32 before the cast to the compute dtype: Gemma stores gain - 1. Default 0. */
  readonly add?: number;
  /**
   * MXFP4 block scales. When present this tensor is uint8 `[..., groups, 16]` of packed FP4 pairs, `scales` is uint8
   * `[..., groups]`, and the decoded tensor before `view` is `[..., groups * 32]`. OCP Microscaling Formats v1.0.
   */
  readonly scales?: TensorSource;
  /** Infinite numbers are meant: a threshold of Infinity is a feature that is off. Default false: they are an error. */
  readonly mayBeInfinite?: boolean;
  /** Of the bytes the tensor is in, where its file keeps one. Checked before the weights are loaded. */
  readonly checksum?: FileChecksum;
}

/** CRC-32 of bytes `start` to `end - 1` of a file. */
export interface FileChecksum {
  readonly file: string;
  readonly start: number;
  readonly end: number;
  readonly crc32: number;
}

/** Shape as stored (decoded, for MXFP4) once all view steps are applied. */
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

/** The same numbers, seen through further view steps. */
export function through(source: TensorSource, ...steps: ViewStep[]): TensorSource {
  return { ...source, view: [...source.view, ...steps] };
}

/** View steps of an array stored with its first index varying fastest, whose shape is given as stored: the dims reversed. */
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
