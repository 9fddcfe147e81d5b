import { loadOptions } from '../engine/load-options';
import type { ModelSpec } from '../engine/model-spec';
import type { TranscoderSpec } from '../engine/transcoder-spec';
import { later, seed } from '../kinds';
import { checkModelSpec, checkTranscoderSpec } from '../model/check-spec';
import { defineOptions, type OptionsOf, resolveOptions } from '../options';
import { Random } from '../random';
import { inTurns } from '../turns';
import { checkFit } from './fit';
import { ModelWithTranscoders } from './model-with-transcoders';
import { loadParts } from './parts';
import { drawModelWeights, drawTranscoderWeights, type LayerArrays } from './random-weights';

const ownOptions = defineOptions({
  /** The seed of the weights that are not given. Default 0. */
  seed: { kind: seed, default: 0 },
  /** Arrays by the internal names of `ModelWeights`. */
  weights: { kind: later<Readonly<Record<string, Float32Array>>>() },
  /** [nLayers] arrays by the names of `TranscoderLayerWeights`. */
  transcoderWeights: { kind: later<readonly LayerArrays[]>() },
});

export const fromConfigOptions: typeof ownOptions & typeof loadOptions = { ...ownOptions, ...loadOptions };

export interface FromConfigOptions extends OptionsOf<typeof fromConfigOptions> {}

/** A model with given or random weights. It has no tokenizer, so prompts are token ids. */
export class InMemoryModel extends ModelWithTranscoders {
  readonly tokenizer = undefined;

  /**
   * Build a model in memory with given or seeded random weights. It has no tokenizer, so prompts are token ids.
   *
   * @throws CircuitTracerError `ERR_INVALID_ARGUMENT` for an inconsistent spec, `ERR_WEIGHT`, `ERR_MODEL_MISMATCH`,
   * `ERR_LIBTORCH`, `ERR_DEVICE`, `ERR_OUT_OF_MEMORY` or `ABORT_ERR`.
   */
  static async fromConfig(
    spec: ModelSpec,
    transcoders: TranscoderSpec,
    options: FromConfigOptions = {},
  ): Promise<InMemoryModel> {
    const resolved = resolveOptions(fromConfigOptions, options, 'load options');
    const { weights: given = {}, transcoderWeights = [], signal } = resolved;
    checkModelSpec(spec);
    checkTranscoderSpec(transcoders);
    checkFit(spec, transcoders);
    const random = new Random(resolved.seed);
    const weights = await inTurns(drawModelWeights(spec, given, random), signal);
    const layers = await inTurns(drawTranscoderWeights(transcoders, transcoderWeights, random), signal);
    const plan = { spec: transcoders, layers };
    const nothingStored = { name: spec.family, labels: {}, featuresDirectory: undefined };
    return new InMemoryModel(await loadParts(nothingStored, spec, weights, plan, { ...resolved, hub: {} }));
  }
}
