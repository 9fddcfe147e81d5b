import { CircuitTracerError } from '../errors';
import { abortError, checkNotAborted } from '../validate';
import type { NativeEngine, NativeHandle, NativeJob } from './binding';
import { newEngine, runJob } from './jobs';

/** An engine that belongs to one object, with its handles and jobs. */
export class OwnedEngine {
  readonly native: NativeEngine;
  readonly #owner: string;
  readonly #jobs = new Set<NativeJob<unknown>>();
  readonly #handles: NativeHandle[] = [];
  #disposing: Promise<void> | undefined;

  /**
   * @param owner the name for errors after disposal: `This model`
   * @param threads as in {@link newEngine}.
   */
  constructor(owner: string, threads: number) {
    this.#owner = owner;
    this.native = newEngine(threads);
  }

  /** Dispose of the handle together with the engine, but before it. */
  own<T extends NativeHandle>(handle: T): T {
    this.#handles.unshift(handle);
    return handle;
  }

  /** @throws CircuitTracerError `ERR_DISPOSED`, `ABORT_ERR`, or what native code reports. */
  async run<T>(start: (engine: NativeEngine) => NativeJob<T>, signal?: AbortSignal): Promise<T> {
    this.checkUsable();
    checkNotAborted(signal);
    const job = start(this.native);
    this.#jobs.add(job);
    try {
      return await runJob(job, signal);
    } catch (error) {
      throw this.#disposing ? abortError(signal) : error;
    } finally {
      this.#jobs.delete(job);
    }
  }

  /** The number of queued and running jobs. */
  get pending(): number {
    return this.#jobs.size;
  }

  /** @throws CircuitTracerError `ERR_DISPOSED` */
  checkUsable(): void {
    if (!this.#disposing) return;
    throw new CircuitTracerError('ERR_DISPOSED', `${this.#owner} has been disposed. Load it again.`);
  }

  /** Cancel all jobs, wait until they have stopped, and free the memory. Idempotent. */
  dispose(): Promise<void> {
    this.#disposing ??= this.#stop();
    return this.#disposing;
  }

  async #stop(): Promise<void> {
    const jobs = [...this.#jobs];
    for (const job of jobs) job.cancel();
    // Disposal joins the engine's thread, so wait until it has nothing left to do.
    await Promise.allSettled(jobs.map((job) => job.promise));
    for (const handle of this.#handles) handle.dispose();
    this.native.dispose();
  }
}
