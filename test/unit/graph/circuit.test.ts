import { findCircuit, Graph } from '../../../lib';
import { digits } from '../../support/bounds';

/**
 * Two positions, two layers. Features: A and B (both "Texas", layer 0, position 1), C ("say Austin", layer 1, position 1)
 * and D (no label, layer 1, position 1).
 */
function graph(): Graph {
  const columns = { A: 0, B: 1, C: 2, D: 3, errors: 4, token0: 8, token1: 9, output: 10 };
  const row = (weights: Partial<Record<keyof typeof columns, number>>) => {
    const values = new Array(11).fill(0);
    for (const [name, weight] of Object.entries(weights)) values[columns[name as keyof typeof columns]] = weight;
    return values;
  };
  const rows = [
    row({ token1: 3, token0: 0.01 }),
    row({ token1: 1 }),
    row({ A: 2, B: 1, token0: 1 }),
    row({ A: 1 }),
    row({ C: 5, D: 4, errors: 1 }),
  ];
  return new Graph({
    prompt: '<bos> Dallas',
    tokens: Int32Array.of(0, 1),
    tokenStrings: ['<bos>', ' Dallas'],
    activeFeatures: Int32Array.of(0, 1, 5, 0, 1, 6, 1, 1, 7, 1, 1, 8),
    activationValues: Float32Array.of(1, 1, 1, 1),
    selectedFeatures: Int32Array.of(0, 1, 2, 3),
    edges: Float32Array.from(rows.flat()),
    logits: [{ tokenId: 2, token: ' Austin', weight: 0.9 }],
    featureLabels: { '0:5': 'Texas', '0:6': 'Texas', '1:7': 'say Austin' },
    scan: 'demo',
    model: { family: 'gemma2', modelName: 'demo', nLayers: 2, dModel: 4, dVocab: 3 },
    settings: {},
    timings: {},
    packageVersion: '0.0.0',
  });
}

test('gathers features of one label and keeps what leads to the output', async () => {
  const pruned = await graph().prune({ nodeThreshold: 1, edgeThreshold: 1 });
  const { groups, edges } = findCircuit(pruned);
  expect(groups.map(({ label, nodes }) => `${label} ${nodes.length}`)).toEqual([
    '<bos> 1',
    ' Dallas 1',
    'Texas 2',
    'say Austin 1',
    ' Austin 1',
  ]);
  const share = (from: number, to: number) => edges.find((edge) => edge.from === from && edge.to === to)?.weight;
  expect(share(2, 3)).toBeCloseTo(3 / 4, digits.float32);
  expect(share(0, 3)).toBeCloseTo(1 / 4, digits.float32);
  expect(share(3, 4)).toBeCloseTo(5 / 10, digits.float32);
  // The token before has less than the smallest share of Texas' input.
  expect(share(0, 2)).toBeUndefined();
});

test('a larger share leaves out weaker groups', async () => {
  const pruned = await graph().prune({ nodeThreshold: 1, edgeThreshold: 1 });
  expect(findCircuit(pruned, { minShare: 0.3 }).groups.map(({ label }) => label)).toEqual([
    ' Dallas',
    'Texas',
    'say Austin',
    ' Austin',
  ]);
});
