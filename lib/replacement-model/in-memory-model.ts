import { type LoadOptions, resolveLoadOptions } from '../engine/load-options';
import type { ModelSpec } from '../engine/model-spec';
import type { TranscoderSpec } from '../engine/transcoder-spec';
import { checkModelSpec, checkTranscoderSpec } from '../model/check-spec';
import { Random } from '../random';
import { inTurns } from '../turns';
import { checkInteger } from '../validate';
import { checkFit } from './fit';
import { ModelWithTranscoders } from './model-with-transcoders';
import { loadParts } from './parts';
import { drawModelWeights, drawTranscoderWeights, type LayerArrays } from './random-weights';

export interface FromConfigOptions extends LoadOptions {
  /** Of the weights not given. Default 0. */
  readonly seed?: number;
  /** Arrays by the internal names that `ModelWeights` lists. */
  readonly weights?: Readonly<Record<string, Float32Array>>;
  /** [nLayers] arrays by the names that `TranscoderLayerWeights` lists. */
  readonly transcoderWeights?: readonly LayerArrays[];
}

/** A model whose weights are given as arrays or drawn at random. It has no tokenizer: prompts are token ids. */
export class InMemoryModel extends ModelWithTranscoders {
  readonly tokenizer = undefined;

  /**
   * Build a model in memory, with given or seeded random weights. It has no tokenizer: prompts are token ids.
   *
   * @throws CircuitTracerError `ERR_INVALID_ARGUMENT` for a spec that contradicts itself, `ERR_WEIGHT`,
   * `ERR_MODEL_MISMATCH`, `ERR_LIBTORCH`, `ERR_DEVICE`, `ERR_OUT_OF_MEMORY` or `ABORT_ERR`.
   */
  static async fromConfig(
    spec: ModelSpec,
    transcoders: TranscoderSpec,
    options: FromConfigOptions = {},
  ): Promise<InMemoryModel> {
    const resolved = resolveLoadOptions(options, ['seed', 'weights', 'transcoderWeights']);
    checkModelSpec(spec);
    checkTranscoderSpec(transcoders);
    checkFit(spec, transcoders);
    const random = new Random(checkInteger(options.seed ?? 0, 'seed', 0, 2 ** 32 - 1));
    const { signal } = resolved;
    const weights = await inTurns(drawModelWeights(spec, options.weights ?? {}, random), signal);
    const layers = await inTurns(drawTranscoderWeights(transcoders, options.transcoderWeights ?? [], random), signal);
    const plan = { spec: transcoders, layers };
    const nothingStored = { name: spec.family, labels: {}, featuresDirectory: undefined };
    return new InMemoryModel(await loadParts(nothingStored, spec, weights, plan, resolved));
  }
}
