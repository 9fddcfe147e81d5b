import { storedItemSize, type TensorSource, viewedShape } from '../io/tensor-source';
import type { ComputeDtype } from '../model/load-options';
import { isPlainView } from './strides';

/** Bytes that one tensor takes. */
export interface TensorMemory {
  /** Once loaded, on the heap or on the device. */
  readonly copied: number;
  /** Once loaded, as pages of its file. */
  readonly mapped: number;
  /** In this process, besides, only while it is being loaded. */
  readonly transient: number;
  /** Left in the file. */
  readonly lazy: number;
}

export interface Placement {
  readonly dtype: ComputeDtype;
  /** Is the device the CPU? */
  readonly onCpu: boolean;
  readonly lazy: boolean;
}

/**
 * What a tensor takes, as native loads it: of the dtype asked for, on the CPU and at an aligned address it stays the file's
 * pages; otherwise its numbers are copied, and the file's pages let go once they are. Lazily, nothing is read.
 */
export function tensorMemory(source: TensorSource, { dtype, onCpu, lazy }: Placement): TensorMemory {
  const count = product(viewedShape(source));
  const stored = storedBytes(source);
  const item = source.scales ? 2 : storedItemSize[source.dtype];
  const inFile = source.file !== undefined;
  const isView = inFile && !source.scales && source.offset % item === 0 && isPlainView(source);
  // Before the cast: the file's own pages, or a copy that alignment, a reshape or MXFP4 made necessary.
  const opened = isView ? 0 : inFile ? count * item : stored;
  const pages = inFile ? (isView ? count * item : stored) : 0;
  if (lazy) return { copied: opened, mapped: 0, transient: isView ? 0 : pages, lazy: isView ? pages : 0 };
  if (keepsNumbers(source, { dtype, onCpu })) {
    return { copied: opened, mapped: isView ? pages : 0, transient: isView ? 0 : pages, lazy: 0 };
  }
  const shifted = source.add && dtype !== 'float32' ? 2 * 4 * count : 0;
  const transient = (inFile ? opened : 0) + pages + shifted;
  return { copied: count * storedItemSize[dtype], mapped: 0, transient, lazy: 0 };
}

/** Whether a tensor's stored numbers are the ones to compute with, where they are. */
export function keepsNumbers({ dtype, add, scales }: TensorSource, to: Pick<Placement, 'dtype' | 'onCpu'>): boolean {
  return dtype === to.dtype && !add && !scales && to.onCpu;
}

/** Of a tensor as it is in its file or in memory, its scales included. */
export function storedBytes({ shape, dtype, scales }: TensorSource): number {
  return product(shape) * storedItemSize[dtype] + (scales ? storedBytes(scales) : 0);
}

export function product(sizes: readonly number[]): number {
  return sizes.reduce((result, size) => result * size, 1);
}
