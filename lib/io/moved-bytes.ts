import type { ResolvedCallOptions } from '../call-options';
import { Phase } from '../progress';
import { checkNotAborted } from '../validate';

/** Counts the bytes that a long call has read or written. */
export interface MovedBytes {
  /** Count the bytes of one piece. @throws CircuitTracerError `ABORT_ERR` once the signal has fired. */
  add(bytes: number): void;
  /** Report that all bytes are done. */
  end(): void;
}

/** @param total the total number of bytes */
export function movedBytes(phase: string, total: number, { signal, onProgress }: ResolvedCallOptions): MovedBytes {
  const progress = new Phase(onProgress, phase, total, 'bytes');
  return {
    add: (bytes) => {
      checkNotAborted(signal);
      progress.add(bytes);
    },
    end: () => progress.end(),
  };
}
