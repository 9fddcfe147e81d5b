import { featureInputHooks, featureOutputHooks } from '../../../lib/engine/transcoder-spec';
import { expectClose } from '../../support/compare';
import { readSource } from '../../support/read-source';
import { edgeShape, sourceEdges } from './support/graph-columns';
import { nLayers, prompt, SmallModel, smallSpec, smallTranscoders } from './support/small-model';

/** Families whose weights are all factors: nothing but embeddings and MLP outputs puts numbers into the residual. */
const withoutBiases = ['llama', 'mistral', 'qwen3', 'gemma2', 'gemma3'] as const;

const choices = featureInputHooks.flatMap((featureInputHook, i) =>
  featureOutputHooks.map((featureOutputHook, j) => ({
    featureInputHook,
    featureOutputHook,
    activation: 'relu' as const,
    kind: (i + j) % 2 === 0 ? ('perLayer' as const) : ('crossLayer' as const),
    hasSkip: i !== 1,
  })),
);

/**
 * With norm scales and patterns fixed the model is linear in its sources, and without biases they are all there is: the
 * edges of a row add up to what its target reads.
 */
async function expectComplete(model: SmallModel): Promise<void> {
  const graph = await model.attribute(prompt, 0);
  const [rows, width] = edgeShape(graph);
  const columns = width - graph.logitTokenIds.length;
  const edges = sourceEdges(graph);
  const sums = Array.from({ length: rows }, (_, row) =>
    edges.subarray(row * columns, (row + 1) * columns).reduce((sum, weight) => sum + weight, 0),
  );
  const biases = model.layers.map(({ encoderBias }) => readSource(encoderBias).data);
  const reads = Array.from(graph.values, (value, i) => {
    const [layer = 0, , feature = 0] = graph.indices.subarray(3 * i, 3 * i + 3);
    return value - (biases[layer]?.[feature] ?? Number.NaN);
  });
  const logits = await model.lastLogits(prompt);
  const mean = logits.reduce((sum, logit) => sum + logit, 0) / logits.length;
  for (const id of graph.logitTokenIds) reads.push((logits[id] as number) - mean);
  expect(graph.values.length).toBeGreaterThan(20);
  expectClose('sums of edges', sums, reads);
}

describe.each(withoutBiases)('%s', (folder) => {
  test.each(choices)('$kind at $featureInputHook and $featureOutputHook, skip $hasSkip', async (choice) => {
    const spec = await smallSpec(folder);
    const noBias = { decoderBias: new Float32Array(spec.dModel) };
    const layers = Array.from({ length: nLayers }, () => noBias);
    const model = await SmallModel.start(spec, smallTranscoders(spec, choice), { seed: 3, biases: false, layers });
    try {
      await expectComplete(model);
    } finally {
      await model.dispose();
    }
  });
});
