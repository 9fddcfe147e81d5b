import { CircuitTracerError, type ErrorCode, errorCodes } from '../errors';
import { type ProgressListener, tellProgress } from '../progress';
import { abortable, abortError } from '../validate';
import { binding, type NativeEngine, type NativeJob, type NativeProgress, openBinding } from './binding';

let shared: NativeEngine | undefined;

/**
 * Run a job on the engine that all graph arithmetic shares; its thread sleeps while there is none and doesn't keep the
 * process alive.
 *
 * @throws CircuitTracerError as {@link openEngines} and {@link runJob}.
 */
export async function runGraphJob<T>(start: (engine: NativeEngine) => NativeJob<T>, signal?: AbortSignal): Promise<T> {
  await openEngines(signal);
  shared ??= newEngine(0);
  return runJob(start(shared), signal);
}

/**
 * Load LibTorch and the addon, unless they are there, without holding up the event loop. The loading itself can't be
 * stopped and goes on after the signal.
 *
 * @throws CircuitTracerError `ERR_LIBTORCH` or `ABORT_ERR`.
 */
export function openEngines(signal?: AbortSignal): Promise<void> {
  return abortable(openBinding(), signal);
}

/** @param threads for tensor arithmetic; 0 = LibTorch's default, one per physical core. */
export function newEngine(threads: number): NativeEngine {
  try {
    return new (binding().Engine)(threads);
  } catch (error) {
    throw fromNative(error);
  }
}

/**
 * Wait for a native job; the signal cancels it.
 *
 * @throws CircuitTracerError with the code native gave; `ABORT_ERR` once the signal has fired.
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

/** Errors made below Node-API have no JavaScript stack and no class of ours; give them both. */
export function fromNative(error: unknown): CircuitTracerError {
  if (error instanceof CircuitTracerError) return error;
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  const known = errorCodes.includes(code as ErrorCode) ? (code as ErrorCode) : 'ERR_NATIVE';
  return new CircuitTracerError(known, String(message ?? error), { cause: error });
}

/** A listener as native calls it, made safe. */
export function nativeProgress(listener: ProgressListener | undefined): NativeProgress | undefined {
  return listener && ((phase, done, total) => tellProgress(listener, { phase, done, total }));
}
