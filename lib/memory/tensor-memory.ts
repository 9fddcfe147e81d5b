import type { ComputeDtype } from '../engine/load-options';
import { storedItemSize, type TensorSource, viewedShape } from '../io/tensor-source';
import { product, storedBytes, touchedBytes } from './stored-bytes';
import { isPlainView } from './strides';

/** Bytes that one tensor takes. */
export interface TensorMemory {
  /** Once loaded, on the heap or on the device. */
  readonly copied: number;
  /** Once loaded, as pages of its file. */
  readonly mapped: number;
  /** In this process, besides, only while it is being loaded. */
  readonly transient: number;
  /** In this process, besides, from before loading until all is loaded. */
  readonly held: number;
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
  // Native's copy of what is in memory stays until all is loaded, as the original does.
  if (source.data) return { ...none, copied, held: held + opened };
  const shifted = source.add && placement.dtype !== 'float32' ? 2 * 4 * count : 0;
  return { ...none, copied, transient: opened + pages + shifted };
}

/** What the tensor takes before it is cast: pages of its file, and a copy where its view isn't to be had without one. */
function openedMemory(source: TensorSource): { opened: number; pages: number } {
  const stored = storedBytes(source);
  if (source.data) return { opened: stored, pages: 0 };
  const count = product(viewedShape(source));
  if (source.scales) return { opened: 2 * count, pages: stored };
  const item = storedItemSize[source.dtype];
  if (source.offset % item !== 0) return { opened: stored, pages: stored };
  return { opened: isPlainView(source) ? 0 : count * item, pages: touchedBytes(source) };
}

/** Whether a tensor's stored numbers are the ones to compute with, where they are. */
export function keepsNumbers({ dtype, add, scales }: TensorSource, to: Pick<Placement, 'dtype' | 'onCpu'>): boolean {
  return dtype === to.dtype && !add && !scales && to.onCpu;
}
