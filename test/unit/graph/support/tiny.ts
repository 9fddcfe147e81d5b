import type { GraphData } from '../../../../lib';

/**
 * Two layers, two positions, three features, two outputs. Nodes: features 0 (L0 @0), 1 (L0 @1), 2 (L1 @1); errors
 * 3 .. 6; tokens 7, 8; outputs 9, 10.
 */
export const tinyNodes = 11;

export function tinyData(changes: Partial<GraphData> = {}): GraphData {
  return {
    prompt: 'a b',
    tokens: Int32Array.of(5, 6),
    tokenStrings: ['a', ' b'],
    activeFeatures: Int32Array.of(0, 0, 40, 0, 1, 7, 0, 1, 9, 1, 1, 3),
    activationValues: Float32Array.of(1.5, 2, 0.25, -0.5),
    selectedFeatures: Int32Array.of(0, 1, 3),
    edges: tinyEdges(),
    logits: [
      { tokenId: 3, token: ' c', weight: 0.5 },
      { tokenId: 4, token: ' d"', weight: 0.0625 },
    ],
    scan: 'tiny/set',
    model: { family: 'gpt2', modelName: 'tiny', nLayers: 2, dModel: 8, dVocab: 10 },
    settings: { maxNLogits: 2, maxFeatureNodes: 3, offload: null },
    timings: { forward: 0.25 },
    packageVersion: '1.2.3',
    ...changes,
  };
}

function tinyEdges(): Float32Array {
  const edges = new Float32Array(5 * tinyNodes);
  const set = (row: number, weights: Record<number, number>) => {
    for (const [source, weight] of Object.entries(weights)) edges[row * tinyNodes + Number(source)] = weight;
  };
  set(0, { 7: 2 });
  set(1, { 7: 1, 8: -3 });
  set(2, { 0: -1, 1: 2, 4: 0.5, 8: 0.5 });
  set(3, { 2: 3, 1: -1 });
  set(4, { 2: 1, 6: 1, 8: -2 });
  return edges;
}
