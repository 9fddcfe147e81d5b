import type { NativeEngine, NativeJob, NativeProgress, NativeTranscoders, NativeTransformer } from '../binding';
import { resolveDevice } from '../device';
import { nativeProgress, newEngine, runJob } from '../engine';
import { CircuitTracerError } from '../errors';
import type { TranscoderPlan } from '../transcoder/spec';
import { abortError, checkNotAborted } from '../validate';
import type { ResolvedLoadOptions } from './load-options';
import type { ModelSpec, ModelWeights } from './spec';

/** One engine thread with a transformer and its transcoders, and the jobs on it. */
export class NativeModel {
  readonly device: string;
  readonly #engine: NativeEngine;
  readonly #transformer: NativeTransformer;
  readonly #transcoders: NativeTranscoders;
  readonly #jobs = new Set<NativeJob<unknown>>();
  #disposing: Promise<void> | undefined;

  private constructor(
    device: string,
    engine: NativeEngine,
    transformer: NativeTransformer,
    transcoders: NativeTranscoders,
  ) {
    this.device = device;
    this.#engine = engine;
    this.#transformer = transformer;
    this.#transcoders = transcoders;
  }

  static async load(
    spec: ModelSpec,
    weights: ModelWeights,
    plan: TranscoderPlan,
    options: ResolvedLoadOptions,
  ): Promise<NativeModel> {
    const { dtype, lazyEncoder, lazyDecoder, signal, onProgress } = options;
    checkNotAborted(signal);
    const device = resolveDevice(options.device);
    const engine = newEngine(options.threads);
    const progress: NativeProgress | undefined = nativeProgress(onProgress);
    try {
      const transformer = await runJob(engine.loadTransformer(spec, weights, device, dtype, progress), signal);
      const transcoders = await runJob(
        engine.loadTranscoders(plan.spec, plan.layers, device, dtype, lazyEncoder, lazyDecoder, progress),
        signal,
      );
      return new NativeModel(device, engine, transformer, transcoders);
    } catch (error) {
      engine.dispose();
      throw loadAdvice(error, dtype);
    }
  }

  get disposed(): boolean {
    return this.#disposing !== undefined;
  }

  /** @throws CircuitTracerError `ERR_DISPOSED`, `ABORT_ERR`, or what native reports. */
  async run<T>(
    start: (engine: NativeEngine, transformer: NativeTransformer, transcoders: NativeTranscoders) => NativeJob<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    this.checkUsable();
    checkNotAborted(signal);
    const job = start(this.#engine, this.#transformer, this.#transcoders);
    this.#jobs.add(job);
    try {
      return await runJob(job, signal);
    } catch (error) {
      throw this.disposed ? abortError(signal) : error;
    } finally {
      this.#jobs.delete(job);
    }
  }

  /** @throws CircuitTracerError `ERR_DISPOSED` */
  checkUsable(): void {
    if (!this.disposed) return;
    throw new CircuitTracerError('ERR_DISPOSED', 'This model was disposed and can run no more; load it again.');
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
    this.#transcoders.dispose();
    this.#transformer.dispose();
    this.#engine.dispose();
  }
}

function loadAdvice(error: unknown, dtype: string): unknown {
  if (!(error instanceof CircuitTracerError) || error.code !== 'ERR_OUT_OF_MEMORY') return error;
  const smaller = dtype === 'float32' ? "dtype 'bfloat16', " : '';
  return new CircuitTracerError(
    'ERR_OUT_OF_MEMORY',
    `${error.message} Loading needs less with ${smaller}lazyEncoder, lazyDecoder, or device 'cpu'.`,
    { cause: error },
  );
}
