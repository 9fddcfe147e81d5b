import { Graph } from '../../lib';

/** A graph of so many features over eight layers, all edges drawn: its arithmetic takes time in proportion to their square. */
export function randomGraph(features: number): Graph {
  const [nLayers, nPositions, outputs] = [8, 4, 3];
  const nodes = features + (nLayers + 1) * nPositions + outputs;
  const edges = new Float32Array((features + outputs) * nodes);
  let state = 1;
  const perLayer = Math.ceil(features / nLayers);
  for (let row = 0; row < features + outputs; row++) {
    // What a row can depend on: features of lower layers, and what isn't a feature.
    const below = row < features ? Math.floor(row / perLayer) * perLayer : features;
    for (let column = 0; column < nodes - outputs; column++) {
      if (column >= below && column < features) continue;
      state = (state * 16_807) % 2_147_483_647;
      edges[row * nodes + column] = state / 2_147_483_647 - 0.5;
    }
  }
  const places = Array.from({ length: features }, (_, i) => [Math.floor(i / perLayer), i % 2, i]);
  places.sort(([l = 0, p = 0], [m = 0, q = 0]) => l - m || p - q);
  return new Graph({
    prompt: 'a b c d',
    tokens: Int32Array.of(0, 1, 2, 3),
    tokenStrings: ['a', ' b', ' c', ' d'],
    activeFeatures: Int32Array.from(places.flat()),
    activationValues: new Float32Array(features).fill(1),
    selectedFeatures: Int32Array.from({ length: features }, (_, i) => i),
    edges,
    logits: Array.from({ length: outputs }, (_, i) => ({ tokenId: i, token: ` out${i}`, weight: 0.5 / (i + 1) })),
    scan: 'test',
    model: { family: 'gpt2', modelName: 'test', nLayers, dModel: 8, dVocab: 10 },
    settings: {},
    timings: {},
    packageVersion: 'test',
  });
}
