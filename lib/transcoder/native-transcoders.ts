import type { NativeEngine, NativeJob, NativeTranscoders } from '../binding';
import { resolveDevice } from '../device';
import { nativeProgress, newEngine, runJob } from '../engine';
import { CircuitTracerError } from '../errors';
import type { ResolvedLoadOptions } from '../model/load-options';
import { abortError, checkNotAborted } from '../validate';
import type { TranscoderPlan } from './spec';

/** One engine thread with transcoders and no model, and the jobs on it. */
export class NativeTranscoderEngine {
  readonly #jobs = new Set<NativeJob<unknown>>();
  #disposing: Promise<void> | undefined;

  private constructor(
    readonly device: string,
    readonly engine: NativeEngine,
    readonly transcoders: NativeTranscoders,
  ) {}

  static async load(plan: TranscoderPlan, options: ResolvedLoadOptions): Promise<NativeTranscoderEngine> {
    const { dtype, lazyEncoder, lazyDecoder, signal } = options;
    checkNotAborted(signal);
    const device = resolveDevice(options.device);
    const engine = newEngine(options.threads);
    const progress = nativeProgress(options.onProgress);
    try {
      const { spec, layers } = plan;
      const job = engine.loadTranscoders(spec, layers, device, dtype, lazyEncoder, lazyDecoder, progress);
      return new NativeTranscoderEngine(device, engine, await runJob(job, signal));
    } catch (error) {
      engine.dispose();
      throw error;
    }
  }

  /** @throws CircuitTracerError `ERR_DISPOSED`, `ABORT_ERR`, or what native reports. */
  async run<T>(
    start: (engine: NativeEngine, transcoders: NativeTranscoders) => NativeJob<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    this.checkUsable();
    checkNotAborted(signal);
    const job = start(this.engine, this.transcoders);
    this.#jobs.add(job);
    try {
      return await runJob(job, signal);
    } catch (error) {
      throw this.#disposing ? abortError(signal) : error;
    } finally {
      this.#jobs.delete(job);
    }
  }

  /** @throws CircuitTracerError `ERR_DISPOSED` */
  checkUsable(): void {
    if (!this.#disposing) return;
    throw new CircuitTracerError('ERR_DISPOSED', 'These transcoders were disposed; load them again.');
  }

  /** Cancel what runs, wait until it has stopped, and free the memory. Idempotent. */
  dispose(): Promise<void> {
    this.#disposing ??= this.#stop();
    return this.#disposing;
  }

  async #stop(): Promise<void> {
    const jobs = [...this.#jobs];
    for (const job of jobs) job.cancel();
    // The engine joins its thread when disposed: let that happen when it has nothing left to do.
    await Promise.allSettled(jobs.map((job) => job.promise));
    this.transcoders.dispose();
    this.engine.dispose();
  }
}
