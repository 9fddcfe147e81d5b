import { CircuitTracerError } from '../errors';
import { checkChecksums } from '../io/file-checksum';
import { checkNotAborted } from '../validate';
import type { NativeEngine, NativeJob, NativeKeyValueCache, NativeTranscoders, NativeTransformer } from './binding';
import { resolveDevice } from './device';
import { nativeProgress, openEngines } from './jobs';
import type { ResolvedLoadOptions } from './load-options';
import type { ModelSpec, ModelWeights } from './model-spec';
import { OwnedEngine } from './owned-engine';
import { type TranscoderPlan, tensorsOf } from './transcoder-spec';

/** A transformer and its transcoders on their own engine. */
export class NativeModel {
  readonly device: string;
  readonly #engine: OwnedEngine;
  readonly #transformer: NativeTransformer;
  readonly #transcoders: NativeTranscoders;

  private constructor(
    device: string,
    engine: OwnedEngine,
    transformer: NativeTransformer,
    transcoders: NativeTranscoders,
  ) {
    this.device = device;
    this.#engine = engine;
    this.#transformer = engine.own(transformer);
    this.#transcoders = engine.own(transcoders);
  }

  static async load(
    spec: ModelSpec,
    weights: ModelWeights,
    plan: TranscoderPlan,
    options: ResolvedLoadOptions,
  ): Promise<NativeModel> {
    const { dtype, lazyWeights, signal } = options;
    checkNotAborted(signal);
    await checkChecksums(tensorsOf(plan), signal);
    await openEngines(signal);
    const device = resolveDevice(options.device);
    const engine = new OwnedEngine('This model', options.threads);
    const progress = nativeProgress(options.onProgress);
    try {
      const transformer = await engine.run(
        (native) => native.loadTransformer(spec, weights, device, dtype, lazyWeights, progress),
        signal,
      );
      const transcoders = await engine.run(
        (native) => native.loadTranscoders(plan.spec, plan.layers, device, options, progress),
        signal,
      );
      return new NativeModel(device, engine, transformer, transcoders);
    } catch (error) {
      await engine.dispose();
      throw loadAdvice(error, dtype);
    }
  }

  /** @throws CircuitTracerError `ERR_DISPOSED`, `ABORT_ERR`, or what native code reports. */
  run<T>(
    start: (engine: NativeEngine, transformer: NativeTransformer, transcoders: NativeTranscoders) => NativeJob<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    return this.#engine.run((native) => start(native, this.#transformer, this.#transcoders), signal);
  }

  /** The caller must dispose of the result. @throws CircuitTracerError `ERR_DISPOSED` */
  newKeyValueCache(): NativeKeyValueCache {
    this.checkUsable();
    return this.#engine.native.newKeyValueCache(this.#transformer);
  }

  /** @throws CircuitTracerError `ERR_DISPOSED` */
  checkUsable(): void {
    this.#engine.checkUsable();
  }

  /** The number of queued and running jobs. */
  get pending(): number {
    return this.#engine.pending;
  }

  /** Cancel all jobs, wait until they have stopped, and free the memory. Idempotent. */
  dispose(): Promise<void> {
    return this.#engine.dispose();
  }
}

function loadAdvice(error: unknown, dtype: string): unknown {
  if (!(error instanceof CircuitTracerError) || error.code !== 'ERR_OUT_OF_MEMORY') return error;
  const smaller = dtype === 'float32' ? "dtype 'bfloat16', " : '';
  return new CircuitTracerError(
    'ERR_OUT_OF_MEMORY',
    `${error.message} To load with less memory, use ${smaller}lazyEncoder, lazyDecoder, or device 'cpu'.`,
    { cause: error },
  );
}
