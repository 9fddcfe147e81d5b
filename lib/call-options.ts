import { checkListener, type ProgressListener } from './progress';
import { checkNotAborted, checkOptions, checkSignal } from './validate';

/** What every call that can take long is given. */
export interface CallOptions {
  /** Cancels the work; the promise rejects with code `ABORT_ERR`. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ProgressListener | undefined;
}

export interface ResolvedCallOptions {
  readonly signal: AbortSignal | undefined;
  readonly onProgress: ProgressListener | undefined;
}

export const callOptionNames = ['signal', 'onProgress'] as const satisfies readonly (keyof CallOptions)[];

/**
 * @param more names that the caller checks itself
 * @throws CircuitTracerError `ERR_INVALID_ARGUMENT` for an unknown name or a wrong value, `ABORT_ERR` when the signal has
 * fired.
 */
export function resolveCallOptions(options: CallOptions = {}, more: readonly string[] = []): ResolvedCallOptions {
  checkOptions(options, [...more, ...callOptionNames]);
  const signal = checkSignal(options.signal);
  checkNotAborted(signal);
  return { signal, onProgress: checkListener(options.onProgress) };
}
