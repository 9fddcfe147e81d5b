import type { AttributionSetup, Graph, InterveneResult, Intervention, ModelWithTranscoders, NdArray } from '../../lib';
import { Random } from '../../lib/random';
import { expectClose } from './compare';

/** The active features' pre-activations, then the targets' logits before the softcap, less the mean logit. */
interface Measured {
  readonly features: number[];
  readonly logits: number[];
}

/**
 * Compares edges with measured effects: each source is added to the model once more while patterns, norm scales and
 * feature outputs are held to the clean run, and every active feature and target must change by the weight of its edge.
 */
export class EdgeCheck {
  private constructor(
    private readonly model: ModelWithTranscoders,
    private readonly graph: Graph,
    private readonly setup: AttributionSetup,
    private readonly clean: Measured,
  ) {}

  /** Of a graph with all active features. */
  static async of(model: ModelWithTranscoders, graph: Graph): Promise<EdgeCheck> {
    const tokens = graph.tokens;
    const setup = await model.setupAttribution(tokens, { exactTokens: true });
    return new EdgeCheck(model, graph, setup, measure(graph, await directEffects(model, tokens, [])));
  }

  /** Every error vector and token vector, first position aside. */
  async errorsAndTokens(): Promise<void> {
    const { graph, setup, model } = this;
    const n = graph.tokens.length;
    const width = model.spec.dModel;
    const row = ({ data }: NdArray, i: number) => data.subarray(i * width, (i + 1) * width);
    for (let i = 0; i < graph.nLayers * n; i++) {
      const [layer, position] = [Math.floor(i / n), i % n];
      if (position === 0) continue;
      const hook = `blocks.${layer}.${model.transcoderSpec.featureOutputHook}`;
      const error = { hook, position, vector: row(setup.errorVectors, i) };
      await this.expectEffect(`error ${layer} at ${position}`, graph.nSelected + i, error);
    }
    for (let position = 1; position < n; position++) {
      const token = { hook: 'hook_embed', position, vector: row(setup.tokenVectors, position) };
      await this.expectEffect(`token at ${position}`, graph.nSelected + graph.nLayers * n + position, token);
    }
  }

  /** Some active features, each set to twice its activation. */
  async features(count: number, seed: number): Promise<void> {
    const random = new Random(seed);
    const order = Array.from(this.graph.activationValues, (_, i) => ({ i, key: random.uniform() }));
    order.sort((a, b) => a.key - b.key);
    for (const { i } of order.slice(0, count)) {
      const [layer, position, feature] = this.graph.activeFeatures.subarray(3 * i, 3 * i + 3) as unknown as [
        number,
        number,
        number,
      ];
      await this.expectEffect(`feature ${i}`, i, { layer, position, feature, scale: 2 });
    }
  }

  private async expectEffect(name: string, source: number, intervention: Intervention): Promise<void> {
    const { graph, clean } = this;
    const found = measure(graph, await directEffects(this.model, graph.tokens, [intervention]));
    const edge = (target: number) => graph.edges[target * graph.nNodes + source] as number;
    const expected = clean.features.map((value, i) => value + edge(i));
    expectClose(`${name} -> pre-activations`, found.features, expected);
    const expectedLogits = clean.logits.map((value, k) => value + edge(graph.nSelected + k));
    expectClose(`${name} -> logits`, found.logits, expectedLogits);
  }
}

function directEffects(model: ModelWithTranscoders, tokens: Int32Array, interventions: Intervention[]) {
  const constrainedLayers = { start: 0, stop: model.spec.nLayers };
  const options = { constrainedLayers, applyActivationFunction: false, rawLogits: true, exactTokens: true };
  return model.intervene(tokens, interventions, options);
}

function measure(graph: Graph, { rawLogits, activations }: InterveneResult): Measured {
  const { data, shape } = activations as NdArray;
  const [, positions, width] = shape as [number, number, number];
  const features: number[] = [];
  for (let i = 0; i < graph.activeFeatures.length; i += 3) {
    const [layer, position, feature] = graph.activeFeatures.subarray(i, i + 3) as unknown as [number, number, number];
    features.push(data[(layer * positions + position) * width + feature] as number);
  }
  const all = rawLogits as NdArray;
  const last = all.data.subarray(all.data.length - (all.shape[1] as number));
  const mean = last.reduce((sum, logit) => sum + logit, 0) / last.length;
  return { features, logits: graph.logits.map(({ tokenId }) => (last[tokenId] as number) - mean) };
}
