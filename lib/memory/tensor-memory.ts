import type { ComputeDtype } from '../engine/load-options';
import { storedItemSize, type TensorSource, viewedShape } from '../io/tensor-source';
import { product, storedBytes, touchedBytes } from './stored-bytes';
import { isPlainView } from './strides';

/** The memory of one tensor in bytes. */
export interface TensorMemory {
  /** After loading, on the heap or on the device. */
  readonly copied: number;
  /** After loading, as pages of its file. */
  readonly mapped: number;
  /** Additionally in this process while the tensor is loaded. */
  readonly transient: number;
  /** Additionally in this process from before loading until all tensors are loaded. */
  readonly held: number;
  /** Left in the file. */
  readonly lazy: number;
}

export interface Placement {
  readonly dtype: ComputeDtype;
  /** Whether the device is the CPU. */
  readonly onCpu: boolean;
  readonly lazy: boolean;
}

/**
 * The memory of a tensor when native code loads it. A tensor of the requested dtype at an aligned address stays in the
 * file's pages if the device is the CPU. Otherwise, its numbers are copied, and the file's pages are then released.
 * With lazy loading, nothing is read.
 */
export function tensorMemory(source: TensorSource, placement: Placement): TensorMemory {
  const none = { copied: 0, mapped: 0, transient: 0, held: 0, lazy: 0 };
  const { opened, pages } = openedMemory(source);
  const held = source.data ? storedBytes(source) : 0;
  if (placement.lazy) {
    return opened === 0 ? { ...none, lazy: pages } : { ...none, copied: opened, transient: pages, held };
  }
  if (keepsNumbers(source, placement)) {
    return opened === 0 ? { ...none, mapped: pages } : { ...none, copied: opened, transient: pages, held };
  }
  const count = product(viewedShape(source));
  const copied = count * storedItemSize[placement.dtype];
  // The original of an in-memory tensor and its native copy both stay until all tensors are loaded.
  if (source.data) return { ...none, copied, held: held + opened };
  const shifted = source.add && placement.dtype !== 'float32' ? 2 * 4 * count : 0;
  return { ...none, copied, transient: opened + pages + shifted };
}

/** The memory of a tensor before its cast: pages of its file, and a copy if its view requires one. */
function openedMemory(source: TensorSource): { opened: number; pages: number } {
  const stored = storedBytes(source);
  if (source.data) return { opened: stored, pages: 0 };
  const count = product(viewedShape(source));
  if (source.scales) return { opened: 2 * count, pages: stored };
  const item = storedItemSize[source.dtype];
  if (source.offset % item !== 0) return { opened: stored, pages: stored };
  return { opened: isPlainView(source) ? 0 : count * item, pages: touchedBytes(source) };
}

/** Whether the stored numbers of a tensor can be used in place. */
export function keepsNumbers({ dtype, add, scales }: TensorSource, to: Pick<Placement, 'dtype' | 'onCpu'>): boolean {
  return dtype === to.dtype && !add && !scales && to.onCpu;
}
