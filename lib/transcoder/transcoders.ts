import { type CallOptions, callOptionNames, callOptions, resolveCallOptions } from '../call-options';
import type { Activations, NdArray, SparseActivations } from '../engine/arrays';
import { nativeProgress } from '../engine/jobs';
import {
  type ComputeDtype,
  type ResolvedLoadOptions,
  resolveLoadOptions,
  transcoderLoadOptions,
} from '../engine/load-options';
import { NativeTranscoderEngine } from '../engine/native-transcoders';
import { activationSettings } from '../engine/settings';
import type { TranscoderPlan, TranscoderSpec } from '../engine/transcoder-spec';
import { type OptionsOf, resolveOptions } from '../options';
import { inOneStep, Phase } from '../progress';
import { argumentError, checkInteger, checkNotAborted, checkOptions, checkText } from '../validate';
import {
  checkActivations,
  checkFeatures,
  checkFloats,
  countRows,
  layerRanges,
  nonZeros,
  widestLayer,
} from './activations';
import { checkTranscoderPlan } from './check-plan';
import { planTranscoders } from './formats';
import { warnOfNegatives } from './negative-activations';

export interface TranscoderLoadOptions extends OptionsOf<typeof transcoderLoadOptions> {}

export const encodeOptions: typeof activationSettings & typeof callOptions = { ...activationSettings, ...callOptions };

export interface EncodeOptions extends OptionsOf<typeof encodeOptions> {}

export interface EncodeSparseOptions extends CallOptions {
  /** Rows 0 .. specialPositions - 1 have no features, as special tokens in attribution. Default 1. */
  readonly specialPositions?: number;
}

/** The active features, sorted by (layer, row, feature), with the encoder vector of each. */
export interface SparseEncoding extends SparseActivations {
  /** [N, dModel] */
  readonly encoderVectors: NdArray;
}

/** The contributions of active features: one vector for each feature and layer that it writes to, in this order. */
export interface ScaledDecoderVectors {
  /** [M, dModel], decoder row times activation. */
  readonly vectors: NdArray;
  /** [M] the layer that it writes to */
  readonly layers: Int32Array;
  /** [M] */
  readonly rows: Int32Array;
  /** [M] the index of the active feature in the list. */
  readonly sources: Int32Array;
}

/** Numbers from the caller, row-major. */
export type Floats = Float32Array | readonly number[];

/**
 * Transcoders without a model, to encode and decode your own arrays.
 *
 * L layers, F features of the widest layer. Rows can be positions, tokens of a batch or anything else. All computation
 * runs on its own thread. Calls are queued there and never block the event loop. Lazy and eager loading give
 * bit-identical results. Free the memory with `dispose()` or `await using`.
 *
 * All methods reject with CircuitTracerError: `ERR_INVALID_ARGUMENT` for arrays of the wrong size, numbers that are not
 * finite, or indices out of range, before any computation; `ERR_DISPOSED`; `ABORT_ERR`; `ERR_OUT_OF_MEMORY`.
 *
 * @example
 * const transcoders = await Transcoders.load('./gemma-scope');
 * const activations = await transcoders.encode(x); // x: [nLayers, rows, dModel]
 * const outputs = await transcoders.decode(activations, x);
 * await transcoders.dispose();
 */
export class Transcoders {
  readonly spec: TranscoderSpec;
  /** The device in use: `cpu`, `cuda:N` or `mps`. */
  readonly device: string;
  readonly dtype: ComputeDtype;
  readonly #native: NativeTranscoderEngine;

  private constructor(spec: TranscoderSpec, dtype: ComputeDtype, native: NativeTranscoderEngine) {
    this.spec = spec;
    this.dtype = dtype;
    this.device = native.device;
    this.#native = native;
  }

  /**
   * Load transcoders.
   *
   * @param transcoders a folder with config.yaml, `demo`, or a hub reference (`org/repo`, `gemma`), which is fetched
   * unless it is in the cache
   * @param options device `auto`, dtype `float32`, LibTorch's number of threads, lazyEncoder false, lazyDecoder true
   * @throws CircuitTracerError the errors of `planTranscoders`, `ERR_INVALID_ARGUMENT`, `ERR_LIBTORCH`, `ERR_DEVICE`,
   * `ERR_OUT_OF_MEMORY` or `ABORT_ERR`.
   */
  static async load(transcoders: string, options?: TranscoderLoadOptions): Promise<Transcoders> {
    const resolved = resolveLoading(options);
    const { hub, signal, onProgress } = resolved;
    const plan = await planTranscoders(checkText(transcoders, 'transcoders'), { ...hub, signal, onProgress });
    return Transcoders.#start(plan, resolved);
  }

  /**
   * Load the weights of a plan from files or memory.
   *
   * @throws CircuitTracerError `ERR_WEIGHT` when the shape of a tensor differs from the spec, and the errors of `load`.
   */
  static async fromPlan(plan: TranscoderPlan, options?: TranscoderLoadOptions): Promise<Transcoders> {
    checkTranscoderPlan(plan);
    return Transcoders.#start(plan, resolveLoading(options));
  }

  static async #start(plan: TranscoderPlan, options: ResolvedLoadOptions): Promise<Transcoders> {
    return new Transcoders(plan.spec, options.dtype, await NativeTranscoderEngine.load(plan, options));
  }

  /**
   * Feature activations of all layers.
   *
   * @param x [L, rows, dModel] at the feature input hook
   * @returns [L, rows, F], zero where a layer has fewer than F features
   */
  async encode(x: Floats, options: EncodeOptions = {}): Promise<NdArray> {
    const { nLayers, dModel } = this.spec;
    const { applyActivationFunction, signal, onProgress } = resolveOptions(encodeOptions, options);
    checkNotAborted(signal);
    const floats = checkFloats(x, 'x');
    const rows = countRows(floats.length, [nLayers, -1, dModel], 'x');
    const progress = new Phase(onProgress, 'encode', nLayers);
    const width = widestLayer(this.spec);
    const data = new Float32Array(nLayers * rows * width);
    for (let layer = 0; layer < nLayers; layer++) {
      const input = floats.slice(layer * rows * dModel, (layer + 1) * rows * dModel);
      const encoded = await this.#encodeLayer(input, layer, applyActivationFunction, signal);
      const nFeatures = encoded.shape[1] ?? 0;
      for (let row = 0; row < rows; row++) {
        data.set(encoded.data.subarray(row * nFeatures, (row + 1) * nFeatures), (layer * rows + row) * width);
      }
      progress.add(1);
    }
    return { data, shape: [nLayers, rows, width] };
  }

  /**
   * Feature activations of one layer.
   *
   * @param x [rows, dModel] at the layer's feature input hook
   * @returns [rows, features of this layer]
   */
  async encodeLayer(x: Floats, layer: number, options: EncodeOptions = {}): Promise<NdArray> {
    const { applyActivationFunction, signal, onProgress } = resolveOptions(encodeOptions, options);
    checkNotAborted(signal);
    const floats = checkFloats(x, 'x');
    countRows(floats.length, [-1, this.spec.dModel], 'x');
    this.#checkLayer(layer);
    return inOneStep(onProgress, 'encode', () => this.#encodeLayer(floats, layer, applyActivationFunction, signal));
  }

  async #encodeLayer(x: Float32Array, layer: number, applyActivation: boolean, signal?: AbortSignal) {
    const encoded = await this.#native.run(
      (engine, transcoders) => engine.encodeLayer(transcoders, layer, x, applyActivation),
      signal,
    );
    if (applyActivation) warnOfNegatives(this.spec, encoded.data);
    return encoded;
  }

  /**
   * The active features of all layers, with non-zero activations, and their encoder vectors.
   *
   * @param x [L, rows, dModel] at the feature input hook
   */
  async encodeSparse(x: Floats, options: EncodeSparseOptions = {}): Promise<SparseEncoding> {
    const { list, signal } = await this.#encodeSparse(x, options);
    const data = new Float32Array(list.values.length * this.spec.dModel);
    for (const { layer, start, stop } of layerRanges(list.indices)) {
      const rows = await this.encoderVectors(layer, featuresOf(list, start, stop), { signal });
      data.set(rows.data, start * this.spec.dModel);
    }
    return { ...list, encoderVectors: { data, shape: [list.values.length, this.spec.dModel] } };
  }

  async #encodeSparse(x: Floats, options: EncodeSparseOptions) {
    const { signal, onProgress } = resolveCallOptions(options, ['specialPositions']);
    const { nLayers, dModel } = this.spec;
    const floats = checkFloats(x, 'x');
    const rows = countRows(floats.length, [nLayers, -1, dModel], 'x');
    const specialPositions = checkInteger(options.specialPositions ?? 1, 'specialPositions', 0, rows);
    const { indices, values } = await this.#native.run(
      (engine, transcoders) => engine.encodeSparse(transcoders, floats, specialPositions, nativeProgress(onProgress)),
      signal,
    );
    warnOfNegatives(this.spec, values);
    const list: SparseActivations = { indices, values, shape: [nLayers, rows, widestLayer(this.spec)] };
    return { list, signal };
  }

  /**
   * The output of the features at the feature output hook: the sum of decoder rows times activations, plus the decoder
   * bias, plus the skip connection of `inputs` if there is one.
   *
   * @param activations [L, rows, F], or a list as `encodeSparse` returns it
   * @param inputs [L, rows, dModel] at the feature input hook; required for a skip connection, otherwise ignored
   * @returns [L, rows, dModel]
   */
  async decode(activations: Activations, inputs?: Floats, options: CallOptions = {}): Promise<NdArray> {
    const { signal, onProgress } = resolveCallOptions(options);
    const { indices, values, shape } = checkActivations(activations, this.spec);
    const rows = shape[1] ?? 0;
    const skipInputs = this.#checkInputs(inputs, [this.spec.nLayers, rows, this.spec.dModel]);
    return inOneStep(onProgress, 'decode', () =>
      this.#native.run((engine, transcoders) => engine.decode(transcoders, indices, values, rows, skipInputs), signal),
    );
  }

  /**
   * `decode` for one layer of per-layer transcoders.
   *
   * @param activations [rows, features of this layer]
   * @param inputs [rows, dModel]; required for a skip connection, otherwise ignored
   * @returns [rows, dModel]
   */
  async decodeLayer(activations: NdArray, layer: number, inputs?: Floats, options: CallOptions = {}): Promise<NdArray> {
    const { signal } = resolveCallOptions(options);
    if (this.spec.kind !== 'perLayer') {
      throw argumentError(
        'decodeLayer requires per-layer transcoders, because cross-layer features write to several layers. Use decode.',
      );
    }
    const nFeatures = this.spec.nFeatures[this.#checkLayer(layer)] ?? 0;
    const floats = checkFloats(activations?.data, 'activations.data');
    const rows = countRows(floats.length, [-1, nFeatures], 'activations');
    const { indices, values } = nonZeros(floats, nFeatures, (row) => [layer, row]);
    const skipInputs = this.#checkInputs(inputs, [rows, this.spec.dModel]);
    return this.#native.run(
      (engine, transcoders) => engine.decodeLayer(transcoders, layer, indices, values, rows, skipInputs),
      signal,
    );
  }

  /** Encode and decode: the output of the transcoders for `x`, both [L, rows, dModel]. No row is omitted. */
  async reconstruct(x: Floats, options: CallOptions = {}): Promise<NdArray> {
    checkOptions(options, callOptionNames);
    const { list } = await this.#encodeSparse(x, { ...options, specialPositions: 0 });
    return this.decode(list, x, options);
  }

  /**
   * The decoder rows of features of one layer.
   *
   * @param features default all
   * @returns [features, span, dModel]; entry j writes to layer + j, and span is 1 per layer, L - layer across layers
   */
  async decoderVectors(
    layer: number,
    features?: Int32Array | readonly number[],
    options: CallOptions = {},
  ): Promise<NdArray> {
    return this.#vectors('decoder', layer, features, options);
  }

  /**
   * The encoder rows of features of one layer.
   *
   * @param features default all
   * @returns [features, dModel]
   */
  async encoderVectors(
    layer: number,
    features?: Int32Array | readonly number[],
    options: CallOptions = {},
  ): Promise<NdArray> {
    return this.#vectors('encoder', layer, features, options);
  }

  #vectors(
    kind: 'encoder' | 'decoder',
    layer: number,
    features: Int32Array | readonly number[] | undefined,
    options: CallOptions,
  ): Promise<NdArray> {
    const { signal, onProgress } = resolveCallOptions(options);
    const ids = this.#checkFeatures(layer, features);
    return inOneStep(onProgress, `${kind} vectors`, () =>
      this.#native.run((engine, transcoders) => engine[`${kind}Vectors`](transcoders, layer, ids), signal),
    );
  }

  /**
   * The contributions of active features one by one, whose sum is `decode` without bias and skip.
   *
   * @param activations [L, rows, F], or a list as `encodeSparse` returns it
   */
  async scaledDecoderVectors(activations: Activations, options: CallOptions = {}): Promise<ScaledDecoderVectors> {
    const { signal, onProgress } = resolveCallOptions(options);
    const list = checkActivations(activations, this.spec);
    const { dModel } = this.spec;
    const progress = new Phase(onProgress, 'decoder vectors', list.values.length);
    const ranges = layerRanges(list.indices);
    const count = ranges.reduce((sum, { layer, start, stop }) => sum + (stop - start) * this.#span(layer), 0);
    const result = {
      vectors: { data: new Float32Array(count * dModel), shape: [count, dModel] },
      layers: new Int32Array(count),
      rows: new Int32Array(count),
      sources: new Int32Array(count),
    };
    let at = 0;
    for (const { layer, start, stop } of ranges) {
      const decoders = await this.decoderVectors(layer, featuresOf(list, start, stop), { signal });
      progress.add(stop - start);
      const span = this.#span(layer);
      for (let i = 0; i < (stop - start) * span; i++, at++) {
        const source = start + Math.floor(i / span);
        const value = list.values[source] ?? 0;
        result.layers[at] = layer + (i % span);
        result.rows[at] = list.indices[3 * source + 1] ?? 0;
        result.sources[at] = source;
        for (let d = 0; d < dModel; d++) {
          result.vectors.data[at * dModel + d] = (decoders.data[i * dModel + d] ?? 0) * value;
        }
      }
    }
    return result;
  }

  /** The number of queued and running calls, which run one at a time and in order. */
  get pending(): number {
    return this.#native.pending;
  }

  /**
   * Cancel all calls, wait until they have stopped, and free the memory. Idempotent. Later calls reject with
   * `ERR_DISPOSED`.
   */
  dispose(): Promise<void> {
    return this.#native.dispose();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  /** The layers that a feature of `layer` writes to. */
  #span(layer: number): number {
    return this.spec.kind === 'perLayer' ? 1 : this.spec.nLayers - layer;
  }

  #checkLayer(layer: number): number {
    return checkInteger(layer, 'layer', 0, this.spec.nLayers - 1);
  }

  #checkFeatures(layer: number, features: Int32Array | readonly number[] | undefined) {
    const nFeatures = this.spec.nFeatures[this.#checkLayer(layer)] ?? 0;
    return checkFeatures(features ?? Int32Array.from({ length: nFeatures }, (_, i) => i), nFeatures);
  }

  /** The inputs of the skip connection. Null if there is none. */
  #checkInputs(inputs: Floats | undefined, shape: readonly number[]): Float32Array | null {
    if (!this.spec.hasSkip) return null;
    if (inputs === undefined) {
      throw argumentError('inputs must be given, because these transcoders have a skip connection.');
    }
    const floats = checkFloats(inputs, 'inputs');
    const expected = shape.reduce((product, size) => product * size, 1);
    if (floats.length === expected) return floats;
    throw argumentError(`inputs must have shape [${shape.join(', ')}] (${expected} numbers); found ${floats.length}.`);
  }
}

function resolveLoading(options: TranscoderLoadOptions = {}): ResolvedLoadOptions {
  checkOptions(options, Object.keys(transcoderLoadOptions), 'load options');
  return resolveLoadOptions(options);
}

function featuresOf(list: SparseActivations, start: number, stop: number): Int32Array {
  return Int32Array.from({ length: stop - start }, (_, i) => list.indices[3 * (start + i) + 2] ?? 0);
}
