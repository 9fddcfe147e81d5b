import type { AttributionMemory } from './attribution-memory';
import { type MemoryEstimate, type MemoryParts, memoryOf } from './estimate';
import type { MemoryOptions } from './options';

/** A change of options, and the memory needed with it. */
export interface MemoryChange {
  readonly options: MemoryOptions;
  readonly needed: number;
}

export interface MemoryAdvice {
  /** The peak memory needed, during loading or attribution. */
  readonly needed: number;
  readonly fits: boolean;
  /** Single changes that reduce the memory needed, most helpful first. Empty when the memory is sufficient. */
  readonly changes: readonly MemoryChange[];
}

/** Check whether the machine has the estimated memory, and suggest changes if it does not. */
export function memoryAdvice(parts: MemoryParts, options: MemoryOptions): MemoryAdvice {
  const estimate = memoryOf(parts, options);
  const needed = neededBytes(estimate);
  if (needed <= estimate.machine) return { needed, fits: true, changes: [] };
  const candidates: MemoryOptions[] = [
    { lazyEncoder: true },
    { lazyDecoder: true },
    { dtype: 'bfloat16' },
    ...(estimate.attribution ? smaller(estimate.attribution) : []),
  ];
  const changes = candidates
    .map((change) => ({ options: change, needed: neededBytes(memoryOf(parts, { ...options, ...change })) }))
    .filter((change) => change.needed < needed)
    .sort((a, b) => a.needed - b.needed);
  return { needed, fits: false, changes };
}

function smaller({ batchSize, activeFeatures, maxFeatureNodes }: AttributionMemory): MemoryOptions[] {
  const rows = { batchSize: Math.max(1, Math.floor(batchSize / 4)) };
  if (activeFeatures <= 1024) return [rows];
  return [rows, { maxFeatureNodes: Math.ceil(Math.min(activeFeatures, maxFeatureNodes) / 4) }];
}

function neededBytes({ load, attribution }: MemoryEstimate): number {
  return Math.max(load.peak, attribution?.peakResident ?? 0);
}
