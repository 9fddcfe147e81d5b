import { checkChecksums } from '../io/file-checksum';
import { checkNotAborted } from '../validate';
import type { NativeEngine, NativeJob, NativeTranscoders } from './binding';
import { resolveDevice } from './device';
import { nativeProgress, openEngines } from './jobs';
import type { ResolvedLoadOptions } from './load-options';
import { OwnedEngine } from './owned-engine';
import { type TranscoderPlan, tensorsOf } from './transcoder-spec';

/** Transcoders without a model, on their own engine. */
export class NativeTranscoderEngine {
  readonly device: string;
  readonly #engine: OwnedEngine;
  readonly #transcoders: NativeTranscoders;

  private constructor(device: string, engine: OwnedEngine, transcoders: NativeTranscoders) {
    this.device = device;
    this.#engine = engine;
    this.#transcoders = engine.own(transcoders);
  }

  static async load(plan: TranscoderPlan, options: ResolvedLoadOptions): Promise<NativeTranscoderEngine> {
    const { spec, layers } = plan;
    const { signal } = options;
    checkNotAborted(signal);
    await checkChecksums(tensorsOf(plan), signal);
    await openEngines(signal);
    const device = resolveDevice(options.device);
    const engine = new OwnedEngine('This set of transcoders', options.threads);
    const progress = nativeProgress(options.onProgress);
    try {
      const transcoders = await engine.run(
        (native) => native.loadTranscoders(spec, layers, device, options, progress),
        signal,
      );
      return new NativeTranscoderEngine(device, engine, transcoders);
    } catch (error) {
      await engine.dispose();
      throw error;
    }
  }

  /** @throws CircuitTracerError `ERR_DISPOSED`, `ABORT_ERR`, or what native code reports. */
  run<T>(
    start: (engine: NativeEngine, transcoders: NativeTranscoders) => NativeJob<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    return this.#engine.run((native) => start(native, this.#transcoders), signal);
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
