import { PickleError } from '../pickle/pickle-bytes';

/** The supported element types of PyTorch and their sizes in bytes. */
export const torchItemSizes = {
  float64: 8,
  float32: 4,
  float16: 2,
  bfloat16: 2,
  int64: 8,
  int32: 4,
  int16: 2,
  int8: 1,
  uint8: 1,
  bool: 1,
} as const;

export type TorchDtype = keyof typeof torchItemSizes;

/** The numbers that one or more tensors view: an entry of the archive, or a range of a legacy file. */
export interface TorchStorage {
  readonly key: string;
  readonly dtype: TorchDtype;
  /** The declared number of elements. */
  readonly count: number;
}

/** A tensor of a PyTorch file that is not read yet. */
export class TorchTensor {
  readonly storage: TorchStorage;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];

  /** @throws PickleError when it reaches outside its storage. */
  constructor(storage: TorchStorage, offset: number, shape: readonly number[], strides: readonly number[]) {
    const whole = [offset, ...shape, ...strides].every((value) => Number.isSafeInteger(value) && value >= 0);
    if (!whole || shape.length !== strides.length || shape.length > 8)
      throw new PickleError('a tensor has an invalid shape');
    const last = lastElement(offset, shape, strides);
    if (!shape.includes(0) && !(last < storage.count)) {
      throw new PickleError(`a tensor [${shape}] reaches past the ${storage.count} numbers of its storage`);
    }
    // A stride of 0 repeats numbers, so a few bytes could expand to any size.
    if (product(shape) > storage.count) throw new PickleError(`a tensor [${shape}] repeats numbers of its storage`);
    this.storage = storage;
    this.offset = offset;
    this.shape = shape;
    this.strides = strides;
  }

  get dtype(): TorchDtype {
    return this.storage.dtype;
  }

  get count(): number {
    return product(this.shape);
  }

  /**
   * The number of storage elements from the first to the last, including elements in between that are not part of the
   * tensor.
   */
  get span(): number {
    return this.count === 0 ? 0 : lastElement(0, this.shape, this.strides) + 1;
  }

  /** Whether the tensor is row-major without gaps. */
  get isContiguous(): boolean {
    let expected = 1;
    for (let dim = this.shape.length - 1; dim >= 0; dim--) {
      const size = this.shape[dim] ?? 0;
      if (size !== 1 && this.strides[dim] !== expected) return false;
      expected *= size;
    }
    return true;
  }
}

function lastElement(offset: number, shape: readonly number[], strides: readonly number[]): number {
  return shape.reduce((sum, size, dim) => sum + (size - 1) * (strides[dim] ?? 0), offset);
}

function product(shape: readonly number[]): number {
  return shape.reduce((total, size) => total * size, 1);
}
