import type { NativeTarget } from '../../../lib/engine/binding';
import { expectClose } from '../../support/compare';
import { sourceEdges } from './support/graph-columns';
import { autogradRows } from './support/oracle';
import { prompt, SmallModel, smallSpec, smallTranscoders } from './support/small-model';

const specialPositions = 1;

/** Given out of order, so that what sorts them for the backward pass must put them back. */
const targets: NativeTarget[] = [
  { kind: 'feature', layer: 1, position: 5, feature: 3, weight: null },
  { kind: 'token', position: 2, tokenId: 9, weight: null },
  { kind: 'feature', layer: 2, position: 4, feature: 39, weight: null },
  { kind: 'feature', layer: 0, position: 6, feature: 0, weight: null },
  { kind: 'token', position: 7, tokenId: 30, weight: null },
];

test.each(['gpt2', 'neox', 'gemma2'])('%s: features, active or not, and tokens anywhere as targets', async (folder) => {
  const spec = await smallSpec(folder);
  const transcoders = smallTranscoders(spec, {
    kind: 'crossLayer',
    activation: 'jumprelu',
    hasSkip: true,
    featureInputHook: 'mlp.hook_in',
    featureOutputHook: 'mlp.hook_out',
  });
  const model = await SmallModel.start(spec, transcoders, { seed: 2, biases: false });
  try {
    const graph = await model.attribute(prompt, specialPositions, targets);
    const { edges } = autogradRows(spec, model.weights, transcoders, model.layers, {
      tokens: prompt,
      specialPositions,
      features: graph.indices,
      featureTargets: Int32Array.from([1, 5, 3, 2, 4, 39, 0, 6, 0]),
      tokenTargets: Int32Array.from([2, 9, 7, 30]),
    });
    const columns = edges.shape[1] as number;
    const rowOf = (data: Float32Array, row: number) => data.subarray(row * columns, (row + 1) * columns);
    const found = sourceEdges(graph);
    for (const [target, expected] of [0, 3, 1, 2, 4].entries()) {
      const row = rowOf(found, graph.values.length + target);
      expectClose(`edges to target ${target}`, row, rowOf(edges.data, expected));
    }
  } finally {
    await model.dispose();
  }
});
