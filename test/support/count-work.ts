import { loadBuiltAddon } from '../../lib/libtorch/load-addon';

/** What LibTorch did in the whole process. */
export interface Work {
  /** Two for each multiplication of a matrix product. */
  readonly flops: number;
  /** Matrix products. */
  readonly products: number;
  /** Of tensors on the CPU. */
  readonly allocations: number;
  readonly allocatedBytes: number;
  /** Most bytes of those allocated that were alive at once. */
  readonly peakBytes: number;
}

interface CountingAddon {
  startCountingWork(): void;
  stopCountingWork(): Work;
}

/** Counts what LibTorch does while `run` runs; nothing else may compute meanwhile. */
export async function countWork(run: () => Promise<unknown>): Promise<Work> {
  const addon = loadBuiltAddon('circuit_tracer_oracle') as CountingAddon;
  addon.startCountingWork();
  let work: Work;
  try {
    await run();
  } finally {
    work = addon.stopCountingWork();
  }
  return work;
}
