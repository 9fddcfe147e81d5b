import type { NativeGraphData, NativeTarget } from '../../../../lib/engine/binding';
import { resolveLoadOptions } from '../../../../lib/engine/load-options';
import type { ModelSpec, ModelWeights } from '../../../../lib/engine/model-spec';
import { NativeModel } from '../../../../lib/engine/native-model';
import type { TranscoderLayerWeights, TranscoderSpec } from '../../../../lib/engine/transcoder-spec';
import { largestArray } from '../../../../lib/memory-limits';
import { openCheckpoint } from '../../../../lib/model/checkpoint';
import { planModel } from '../../../../lib/model/families';
import { Random } from '../../../../lib/random';
import { type LayerArrays, modelWeights, transcoderWeights } from '../../../../lib/replacement-model/random-weights';
import { modelDir } from '../../../support/fixtures';

/** The nine families, by the folder of a small checkpoint whose config.json gives the spec. */
export const families = ['gpt2', 'neox', 'llama', 'mistral', 'qwen2', 'qwen3', 'gemma2', 'gemma3', 'gptoss'] as const;

export const nLayers = 3;
const dVocab = 40;

/** The family's spec, cut to {@link nLayers} layers and a vocabulary of {@link dVocab}. */
export async function smallSpec(folder: string): Promise<ModelSpec> {
  const { spec } = planModel(await openCheckpoint(modelDir(folder)));
  return {
    ...spec,
    nLayers,
    dVocab,
    rotary: spec.rotary.slice(0, nLayers),
    attentionScale: spec.attentionScale.slice(0, nLayers),
    slidingWindow: spec.slidingWindow.slice(0, nLayers),
  };
}

export type TranscoderChoice = Pick<
  TranscoderSpec,
  'kind' | 'activation' | 'hasSkip' | 'featureInputHook' | 'featureOutputHook'
>;

/** Layers of different widths, so that none is taken for another. */
export function smallTranscoders({ dModel }: ModelSpec, choice: TranscoderChoice): TranscoderSpec {
  const k = choice.activation === 'topk' ? 5 : 0;
  return { ...choice, k, nLayers, dModel, nFeatures: [24, 32, 40], scan: 'random', modelName: '' };
}

export interface SmallModelOptions {
  readonly seed: number;
  /** Attention biases, which random weights leave out where not every model has them. */
  readonly biases: boolean;
  readonly layers?: readonly LayerArrays[];
}

/** A model with seeded random weights on an engine of its own, and what an oracle needs to build the same one. */
export class SmallModel {
  private constructor(
    readonly spec: ModelSpec,
    readonly weights: ModelWeights,
    readonly transcoders: TranscoderSpec,
    readonly layers: readonly TranscoderLayerWeights[],
    private readonly native: NativeModel,
  ) {}

  static async start(spec: ModelSpec, transcoders: TranscoderSpec, options: SmallModelOptions): Promise<SmallModel> {
    const random = new Random(options.seed);
    const weights = modelWeights(spec, options.biases ? attentionBiases(spec, random) : {}, random);
    const layers = transcoderWeights(transcoders, options.layers ?? [], random);
    const load = resolveLoadOptions({ device: 'cpu', threads: 1 });
    const native = await NativeModel.load(spec, weights, { spec: transcoders, layers }, load);
    return new SmallModel(spec, weights, transcoders, layers, native);
  }

  /** All active features as rows, then the targets; by default the three likeliest next tokens. */
  attribute(
    tokens: Int32Array,
    specialPositions: number,
    targets: readonly NativeTarget[] = [],
  ): Promise<NativeGraphData> {
    const options = { tokens, specialPositions, targets, maxNLogits: 3, desiredLogitProb: 1, offload: '' };
    const batches = { batchSize: 16, maxFeatureNodes: Infinity, rankEvery: 64, devices: [] };
    const memory = { availableMemory: 0, mostEdgeBytes: 2 ** 40, blockBytes: largestArray };
    return this.native.run((engine, model, set) => engine.attribute(model, set, { ...options, ...batches, ...memory }));
  }

  /** Logits before the softcap at the last position, [dVocab]. */
  async lastLogits(tokens: Int32Array): Promise<Float32Array> {
    const name = 'unembed.hook_post';
    const { activations } = await this.native.run((engine, model) => engine.forward(model, tokens, [name]));
    return activations[name]?.data.slice(-this.spec.dVocab) ?? new Float32Array();
  }

  dispose(): Promise<void> {
    return this.native.dispose();
  }
}

function attentionBiases({ nHeads, nKeyValueHeads, dHead, dModel }: ModelSpec, random: Random) {
  const sizes = { b_Q: nHeads * dHead, b_K: nKeyValueHeads * dHead, b_V: nKeyValueHeads * dHead, b_O: dModel };
  const biases: Record<string, Float32Array> = {};
  for (let layer = 0; layer < nLayers; layer++) {
    for (const [name, size] of Object.entries(sizes)) {
      biases[`blocks.${layer}.attn.${name}`] = random.normals(size, 0, 0.3);
    }
  }
  return biases;
}

/** Longer than the sliding windows, which are 4 wide, and with one token twice in a row. */
export const prompt = Int32Array.from([7, 31, 4, 4, 19, 0, 26, 12]);
