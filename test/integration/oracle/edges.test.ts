import type { NativeGraphData } from '../../../lib/engine/binding';
import type { ModelSpec } from '../../../lib/engine/model-spec';
import { featureInputHooks, featureOutputHooks } from '../../../lib/engine/transcoder-spec';
import { expectClose } from '../../support/compare';
import { featurePlaces, type Place, sourceEdges, sourcePlaces } from './support/graph-columns';
import { autogradRows } from './support/oracle';
import {
  families,
  nLayers,
  prompt,
  SmallModel,
  smallSpec,
  smallTranscoders,
  type TranscoderChoice,
} from './support/small-model';

const specialPositions = 1;
const lastPosition = prompt.length - 1;
const activations = ['relu', 'jumprelu', 'topk'] as const;

/** Every kind of transcoder at every pair of hooks; the three activations take turns. */
const choices: TranscoderChoice[] = featureInputHooks.flatMap((featureInputHook, input) =>
  featureOutputHooks.flatMap((featureOutputHook, output) =>
    (['perLayer', 'crossLayer'] as const).flatMap((kind, across) =>
      [false, true].map((hasSkip, skip) => ({
        kind,
        hasSkip,
        featureInputHook,
        featureOutputHook,
        activation: activations[(input + output + across + skip) % 3] as TranscoderChoice['activation'],
      })),
    ),
  ),
);

function expectSameAsAutograd(model: SmallModel, graph: NativeGraphData): void {
  const { values, edges } = autogradRows(model.spec, model.weights, model.transcoders, model.layers, {
    tokens: prompt,
    specialPositions,
    features: graph.indices,
    featureTargets: graph.indices,
    tokenTargets: Int32Array.from([...graph.logitTokenIds].flatMap((id) => [lastPosition, id])),
  });
  expectClose('activation values', graph.values, values);
  expectClose('edges', sourceEdges(graph), edges.data, undefined, edges.shape);
}

/** Sources at the target's layer or above, or at later positions, can't have an effect: exactly none. */
function expectCausal(graph: NativeGraphData): void {
  const logits = Array.from(graph.logitTokenIds, (): Place => ({ layer: nLayers, position: lastPosition }));
  const targets = [...featurePlaces(graph.indices), ...logits];
  const sources = sourcePlaces(graph.indices, nLayers, prompt.length);
  const edges = sourceEdges(graph);
  const wrong = targets.flatMap((target, row) =>
    sources.flatMap((source, column) => {
      const possible = source.layer < target.layer && source.position <= target.position;
      return possible || edges[row * sources.length + column] === 0 ? [] : [{ target, source }];
    }),
  );
  expect(wrong).toEqual([]);
}

describe.each(families)('%s', (folder) => {
  let spec: ModelSpec;
  beforeAll(async () => {
    spec = await smallSpec(folder);
  });

  const fitting = choices.filter(({ featureInputHook }) => folder !== 'neox' || featureInputHook !== 'hook_resid_mid');
  test.each(fitting)(
    '$kind at $featureInputHook and $featureOutputHook, skip $hasSkip, $activation',
    async (choice) => {
      const biases = folder === 'qwen2' || folder === 'gptoss';
      const model = await SmallModel.start(spec, smallTranscoders(spec, choice), { seed: 1, biases });
      try {
        const graph = await model.attribute(prompt, specialPositions);
        expect(graph.values.length).toBeGreaterThan(20);
        expectSameAsAutograd(model, graph);
        expectCausal(graph);
      } finally {
        await model.dispose();
      }
    },
  );
});
