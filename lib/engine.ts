import { binding, type NativeEngine, type NativeJob, type NativeProgress } from './binding';
import { CircuitTracerError, type ErrorCode, errorCodes } from './errors';
import { log } from './log';
import { abortError } from './validate';

/** One step of a long call. `total` 0 means that it isn't known yet. */
export interface Progress {
  /** What is being done, in words: `attribute features`. */
  readonly phase: string;
  readonly done: number;
  readonly total: number;
  /** What `done` and `total` count, where it isn't steps of the work. */
  readonly unit?: 'bytes';
}

/**
 * Called on the event loop as work goes on: at the start of each phase, after each batch at most once per turn of the
 * loop, and with `done === total` at the end of a phase. It never holds up the work. What it throws is logged and
 * ignored.
 */
export type ProgressListener = (progress: Progress) => void;

let shared: NativeEngine | undefined;

/** The engine all graph arithmetic shares; its thread sleeps while there is none and doesn't keep the process alive. */
export function graphEngine(): NativeEngine {
  shared ??= newEngine(0);
  return shared;
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

/** What the listener throws is logged and swallowed. */
export function tellProgress(listener: ProgressListener, progress: Progress): void {
  try {
    listener(progress);
  } catch (error) {
    log().warn({ err: error }, 'the onProgress callback threw; the work goes on');
  }
}
