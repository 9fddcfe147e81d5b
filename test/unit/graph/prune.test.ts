import { inspect } from 'node:util';
import { Graph, type PrunedGraph } from '../../../lib';
import { PrunedGraphOf } from '../../../lib/graph/prune';
import { digits } from '../../support/bounds';
import { referenceRun } from './support/parity-graph';
import { tinyData } from './support/tiny';

jest.mock('../../../lib/engine/jobs', () => require('./support/engine'));

const graph = new Graph(tinyData());
const everything = { nodeThreshold: 1, edgeThreshold: 0.9999999 };

/** Every token-to-output path, by plain recursion. */
function allPaths(pruned: PrunedGraph): { nodes: number[]; share: number }[] {
  const edges = [...pruned.edgeWeights.keys()].map((i) => ({
    target: pruned.edgeTargets[i] as number,
    source: pruned.edgeSources[i] as number,
    size: Math.abs(pruned.edgeWeights[i] as number),
  }));
  const back = (nodes: number[], share: number): { nodes: number[]; share: number }[] => {
    const [first = -1] = nodes;
    if (pruned.graph.node(first).kind === 'token') return [{ nodes, share }];
    const inputs = edges.filter(({ target }) => target === first);
    const total = inputs.reduce((sum, { size }) => sum + size, 0);
    return inputs.flatMap(({ source, size }) => back([source, ...nodes], (share * size) / total));
  };
  const outputs = pruned.graph.logits.map(({ weight }, i) => back([pruned.graph.logitStart + i], weight));
  return outputs.flat().sort((a, b) => b.share - a.share);
}

// Field faults c2: three typed arrays had to be zipped by hand, and nodes had no ids.
test('has its edges as objects between its nodes', async () => {
  const pruned = await graph.prune(everything);
  const edges = pruned.edges();
  expect(edges).toHaveLength(pruned.nEdges);
  const [sources, targets] = [edges.map(({ source }) => source.index), edges.map(({ target }) => target.index)];
  expect([sources, targets]).toEqual([[...pruned.edgeSources], [...pruned.edgeTargets]]);
  const nodes = pruned.nodes();
  for (const { source, target, weight } of edges) {
    expect(weight).toBe(graph.weight(target.index, source.index));
    expect(nodes).toContainEqual(source);
  }
  expect(edges.filter(({ source }) => source.id === '0_40_0')).toEqual([
    expect.objectContaining({ target: expect.objectContaining({ id: '1_3_1' }), weight: -1 }),
  ]);
  expect(pruned.features().map(({ id, influence }) => [id, influence])).toEqual(
    nodes.flatMap((node) => (node.kind === 'feature' ? [[node.id, node.influence]] : [])),
  );
  expect(pruned.features(({ layer }) => layer === 1)).toHaveLength(1);
  expect(pruned.nodes(({ kind }) => kind === 'logit')).toHaveLength(2);
});

test('reads well in a log', async () => {
  const pruned = await graph.prune(everything);
  const { edges, features, nodes, thresholds } = JSON.parse(JSON.stringify(pruned));
  expect([edges, features, nodes]).toEqual([pruned.nEdges, pruned.features().length, pruned.nodes().length]);
  expect(thresholds).toEqual(pruned.thresholds);
  expect(inspect(pruned)).toMatch(/^PrunedGraph \{/);
});

test('keeps nodes with their cumulative influence', async () => {
  const pruned = await graph.prune({ nodeThreshold: 0.8, edgeThreshold: 0.98 });
  const nodes = pruned.nodes();
  expect(nodes.map((node) => node.index)).toEqual([...pruned.nodeMask.keys()].filter((i) => pruned.nodeMask[i]));
  expect(nodes.filter(({ kind }) => kind === 'token' || kind === 'logit')).toHaveLength(4);
  for (const node of nodes) {
    expect(node.influence).toBe(node.kind === 'logit' ? null : pruned.cumulativeScores[node.index]);
  }
  expect(pruned.thresholds).toEqual({ nodeThreshold: 0.8, edgeThreshold: 0.98 });
  expect(pruned.nEdges).toBe(pruned.edgeSources.length);
});

test('top features are the kept ones by influence', async () => {
  const pruned = await graph.prune(everything);
  const influence = await graph.nodeInfluence();
  const top = await pruned.topFeatures(2);
  expect(top.map(({ node }) => node.index)).toEqual([2, 1]);
  expect(top.map((feature) => feature.influence)).toEqual([influence[2], influence[1]]);
  expect(await pruned.topFeatures(0)).toEqual([]);
});

test('top edges carry their target’s influence', async () => {
  const edges = (await graph.prune(everything)).topEdges(100);
  expect(edges[0]).toMatchObject({ source: { index: 2 }, target: { index: 9 }, weight: 3, share: 0.75 });
  expect(edges[0]?.influence).toBeCloseTo(0.375, digits.float32);
  const influences = edges.map((edge) => edge.influence);
  expect(influences).toEqual([...influences].sort((a, b) => b - a));
});

test('top paths of a small graph', async () => {
  const pruned = await graph.prune(everything);
  const [first] = pruned.topPaths(1);
  expect(first?.nodes.map((node) => graph.label(node))).toEqual([
    'token " b" @1',
    'L0 #7 @1 " b"',
    'L1 #3 @1 " b"',
    'output " c" p=0.500',
  ]);
  expect(first?.weights).toEqual([-3, 2, 3]);
  expect(first?.share).toBeCloseTo(0.5 * 0.75 * (2 / 4) * (3 / 4), digits.float32);
  const all = pruned.topPaths(1000);
  expect(all).toHaveLength(allPaths(pruned).length);
});

test.each(['gpt2-plt-relu', 'gemma2-clt-relu'])('top paths are those a full search finds: %s', async (name) => {
  const run = await referenceRun(name, 'graph_partial');
  const pruned = await new Graph((run as NonNullable<typeof run>).data).prune({
    nodeThreshold: 0.6,
    edgeThreshold: 0.9,
  });
  const expected = allPaths(pruned);
  const found = pruned.topPaths(50);
  expect(found).toHaveLength(Math.min(50, expected.length));
  found.forEach(({ nodes, weights, share }, i) => {
    expect(share).toBeCloseTo(expected[i]?.share ?? Number.NaN, 10);
    expect(weights).toEqual(nodes.slice(1).map((node, j) => pruned.graph.weight(node.index, nodes[j]?.index ?? -1)));
  });
});

test.each([-1, 0.5, Number.NaN, 1001])('refuses %d paths', async (count) => {
  const pruned = await graph.prune(everything);
  expect(() => pruned.topPaths(count)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT' }));
});

test('reports an edge that leads backwards', async () => {
  const pruned = await graph.prune(everything);
  const backwards = new PrunedGraphOf(
    graph,
    { ...pruned, edgeTargets: Int32Array.of(0), edgeSources: Int32Array.of(2), edgeWeights: Float32Array.of(1) },
    pruned.thresholds,
  );
  expect(() => backwards.topPaths(1)).toThrow(expect.objectContaining({ code: 'ERR_NUMERIC' }));
});
