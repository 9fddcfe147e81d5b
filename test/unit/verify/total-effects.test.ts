import { Graph } from '../../../lib';
import { expectRejection } from '../../support/expect-rejection';

/** Three features at one position in layers 0, 1 and 2 with activations 2, 4 and -5, and one output. */
const graph = new Graph({
  prompt: 'a',
  tokens: Int32Array.of(0),
  tokenStrings: ['a'],
  activeFeatures: Int32Array.of(0, 0, 7, 1, 0, 8, 2, 0, 9),
  activationValues: Float32Array.of(2, 4, -5),
  selectedFeatures: Int32Array.of(0, 1, 2),
  // Columns: three features, three errors, the token, the output.
  edges: Float32Array.from(
    [
      [0, 0, 0, 9, 0, 0, 9, 0],
      [8, 0, 0, 0, 9, 0, 9, 0],
      [5, 10, 0, 0, 0, 9, 9, 0],
      [1, 3, -6, 9, 9, 9, 9, 0],
    ].flat(),
  ),
  logits: [{ tokenId: 1, token: 'b', weight: 1 }],
  scan: '',
  model: { family: 'llama', modelName: 'm', nLayers: 3, dModel: 4, dVocab: 2 },
  settings: {},
  timings: {},
  packageVersion: '0.0.0',
});

test('total effects follow all paths, each feature passing on its relative change', async () => {
  // Feature 2: -6. Feature 1: 3 + 10 / -5 * -6 = 15. Feature 0: 1 + 5 / -5 * -6 + 8 / 4 * 15 = 37.
  const { data, shape } = await graph.totalEffects();
  expect([...data]).toEqual([37, 15, -6]);
  expect(shape).toEqual([1, 3]);
});

// Field faults, section 6, L10: NaN came back where prune, scores and influence say ERR_NUMERIC.
test.each([Number.NaN, Infinity, -Infinity])('of edges with %d anywhere are refused, as pruning is', async (value) => {
  for (let at = 0; at < graph.edges.length; at++) {
    const edges = graph.edges.slice();
    edges[at] = value;
    const damaged = new Graph({ ...graph, edges });
    await expectRejection(damaged.totalEffects(), 'ERR_NUMERIC', /edge row \d of the graph holds NaN or infinite/);
    await expectRejection(damaged.prune(), 'ERR_NUMERIC', /edge row/);
  }
});
