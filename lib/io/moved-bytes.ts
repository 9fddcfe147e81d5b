import type { ResolvedCallOptions } from '../call-options';
import { Phase } from '../progress';
import { checkNotAborted } from '../validate';

/** Told of the bytes that a long call has read or written. */
export interface MovedBytes {
  /** Of one piece. @throws CircuitTracerError `ABORT_ERR` once the signal has fired. */
  add(bytes: number): void;
  /** All is done. */
  end(): void;
}

/** @param total of all bytes */
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
