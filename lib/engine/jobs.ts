import { CircuitTracerError, type ErrorCode, errorCodes } from '../errors';
import { type ProgressListener, tellProgress } from '../progress';
import { abortable, abortError } from '../validate';
import { binding, type NativeEngine, type NativeJob, type NativeProgress, openBinding } from './binding';

let shared: NativeEngine | undefined;

/**
 * Run a job on the shared engine for graph arithmetic. Its thread sleeps between jobs and does not keep the process
 * alive.
 *
 * @throws CircuitTracerError as {@link openEngines} and {@link runJob}.
 */
export async function runGraphJob<T>(start: (engine: NativeEngine) => NativeJob<T>, signal?: AbortSignal): Promise<T> {
  await openEngines(signal);
  shared ??= newEngine(0);
  return runJob(start(shared), signal);
}

/**
 * Load LibTorch and the addon, if necessary, without blocking the event loop. The signal ends the wait, but the loading
 * itself cannot be stopped.
 *
 * @throws CircuitTracerError `ERR_LIBTORCH` or `ABORT_ERR`.
 */
export function openEngines(signal?: AbortSignal): Promise<void> {
  return abortable(openBinding(), signal);
}

/** @param threads for tensor arithmetic; 0 for LibTorch's default, one per physical core. */
export function newEngine(threads: number): NativeEngine {
  try {
    return new (binding().Engine)(threads);
  } catch (error) {
    throw fromNative(error);
  }
}

/**
 * Wait for a native job, which the signal can cancel.
 *
 * @throws CircuitTracerError with the code from native code; `ABORT_ERR` once the signal has fired.
 */
export async function runJob<T>(job: NativeJob<T>, signal?: AbortSignal): Promise<T> {
  const cancel = () => job.cancel();
  if (signal?.aborted) cancel();
  else signal?.addEventListener('abort', cancel, { once: true });
  try {
    return await job.promise;
  } catch (error) {
    throw signal?.aborted ? abortError(signal) : fromNative(error);
  } finally {
    signal?.removeEventListener('abort', cancel);
  }
}

/** Errors created below Node-API have neither a JavaScript stack nor our class. Add both. */
export function fromNative(error: unknown): CircuitTracerError {
  if (error instanceof CircuitTracerError) return error;
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  const known = errorCodes.includes(code as ErrorCode) ? (code as ErrorCode) : 'ERR_NATIVE';
  return new CircuitTracerError(known, String(message ?? error), { cause: error });
}

/** Wrap a listener for native code, so that its errors are logged and ignored. */
export function nativeProgress(listener: ProgressListener | undefined): NativeProgress | undefined {
  return listener && ((phase, done, total) => tellProgress(listener, { phase, done, total }));
}
