import { inspect } from 'node:util';
import { Graph, type GraphData, type GraphNode } from '../../../lib';
import { digits } from '../../support/bounds';
import { Oracle } from './support/oracle';
import { tinyData, tinyNodes } from './support/tiny';

jest.mock('../../../lib/engine/jobs', () => require('./support/engine'));

const graph = new Graph(tinyData());

test('counts its parts and numbers its nodes', () => {
  expect([graph.nNodes, graph.nPositions, graph.nLayers, graph.nActive, graph.nSelected, graph.nLogits]).toEqual([
    tinyNodes,
    2,
    2,
    4,
    3,
    2,
  ]);
  expect([graph.errorStart, graph.tokenStart, graph.logitStart]).toEqual([3, 7, 9]);
});

test.each([
  [0, { kind: 'feature', index: 0, layer: 0, position: 0, feature: 40, activation: 1.5 }, '0_40_0', 'L0 #40 @0 "a"'],
  [2, { kind: 'feature', index: 2, layer: 1, position: 1, feature: 3, activation: -0.5 }, '1_3_1', 'L1 #3 @1 " b"'],
  [3, { kind: 'error', index: 3, layer: 0, position: 0 }, '0_-1_0', 'error L0 @0 "a"'],
  [6, { kind: 'error', index: 6, layer: 1, position: 1 }, '1_-1_1', 'error L1 @1 " b"'],
  [8, { kind: 'token', index: 8, position: 1, tokenId: 6, token: ' b' }, 'E_6_1', 'token " b" @1'],
  [
    10,
    { kind: 'logit', index: 10, position: 1, rank: 1, tokenId: 4, token: ' d"', weight: 0.0625 },
    '3_4_1',
    'output " d\\"" p=0.063',
  ],
])('node %i', (index, node, id, label) => {
  expect(graph.node(index)).toEqual({ ...node, id });
  expect(graph.label(graph.node(index))).toBe(label);
});

test('labels hold no control characters', () => {
  const data = tinyData({ tokenStrings: ['\u001b[2J\u009b1m', '\u202eb\n'] });
  const odd = new Graph(data);
  expect(odd.label(odd.node(7))).toBe('token "\\u001b[2J\\u009b1m" @0');
  expect(odd.label(odd.node(8))).toBe('token "\\u202eb\\n" @1');
});

test.each([-1, tinyNodes, 0.5, Number.NaN])('has no node %d', (index) => {
  expect(() => graph.node(index)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT' }));
  expect(() => graph.weight(index, 0)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT' }));
  expect(() => graph.weight(0, index)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT' }));
});

// House, section 4: nothing read a result; field faults c2.
test('lists nodes as objects, all or those that a test holds for', () => {
  expect(graph.nodes()).toEqual(Array.from({ length: tinyNodes }, (_, index) => graph.node(index)));
  expect(new Set(graph.nodes().map(({ id }) => id)).size).toBe(tinyNodes);
  expect(graph.nodes(({ kind }) => kind === 'token').map(({ index }) => index)).toEqual([7, 8]);
  expect(graph.features(({ layer }) => layer === 0).map(({ feature }) => feature)).toEqual([40, 7]);
});

test('walks edges from a node, strongest first, without those of weight 0', () => {
  const inputs = graph.inputs(2).map(({ source, target, weight }) => [source.index, target.index, weight]);
  expect(inputs).toEqual([
    [1, 2, 2],
    [0, 2, -1],
    [4, 2, 0.5],
    [8, 2, 0.5],
  ]);
  expect(graph.inputs(graph.node(2))).toEqual(graph.inputs(2));
  const outputs = graph.outputs(8).map(({ source, target, weight }) => [source.index, target.index, weight]);
  expect(outputs).toEqual([
    [8, 1, -3],
    [8, 10, -2],
    [8, 2, 0.5],
  ]);
  expect([graph.inputs(3), graph.inputs(8), graph.outputs(10)]).toEqual([[], [], []]);
  const edges = (lists: (node: GraphNode) => readonly { readonly weight: number }[]) => graph.nodes().flatMap(lists);
  const count = graph.edges.filter((weight) => weight !== 0).length;
  expect(edges((node) => graph.inputs(node))).toHaveLength(count);
  expect(edges((node) => graph.outputs(node))).toHaveLength(count);
  for (const call of [() => graph.inputs(tinyNodes), () => graph.outputs(-1)]) {
    expect(call).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT' }));
  }
});

test('reads well in a log: no arrays of numbers', () => {
  const gist = {
    prompt: 'a b',
    tokens: ['a', ' b'],
    model: 'tiny',
    scan: 'tiny/set',
    activeFeatures: 4,
    features: 3,
    nodes: tinyNodes,
    logits: [
      { token: ' c', tokenId: 3, weight: 0.5 },
      { token: ' d"', tokenId: 4, weight: 0.0625 },
    ],
  };
  expect(JSON.parse(JSON.stringify({ graph }))).toEqual({ graph: gist });
  expect(inspect(graph)).toMatch(/^Graph \{\s+prompt: 'a b',/);
  expect(inspect(graph).length).toBeLessThan(500);
});

test('weights by target and source', () => {
  expect(graph.weight(2, 0)).toBe(-1);
  expect(graph.weight(9, 2)).toBe(3);
  expect(graph.weight(10, 8)).toBe(-2);
  expect(graph.weight(7, 8)).toBe(0);
  expect(graph.weight(3, 0)).toBe(0);
});

test('influence, edge influence and scores', async () => {
  const influence = await graph.nodeInfluence();
  expect(influence).toHaveLength(tinyNodes);
  expect(influence[2]).toBeCloseTo(0.5 * 0.75 + 0.0625 * 0.25, digits.float32);
  const edges = await graph.edgeInfluence();
  expect(edges.shape).toEqual([5, tinyNodes]);
  expect(edges.data[3 * tinyNodes + 2]).toBeCloseTo(0.5 * 0.75, digits.float32);
  const { replacement, completeness } = await graph.scores();
  expect(replacement).toBeGreaterThan(0.5);
  expect(completeness).toBeLessThan(1);
});

test.each([-0.1, 1.1, Number.NaN, Number.POSITIVE_INFINITY, '0.8'])('refuses the threshold %p', async (threshold) => {
  const expected = expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT' });
  await expect(graph.prune({ nodeThreshold: threshold as number })).rejects.toEqual(expected);
  await expect(graph.prune({ edgeThreshold: threshold as number })).rejects.toEqual(expected);
});

test('refuses options it does not know and stops before it begins when aborted', async () => {
  await expect(graph.prune({ nodeTreshold: 0.5 } as object)).rejects.toMatchObject({ code: 'ERR_INVALID_ARGUMENT' });
  await expect(graph.prune({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'ABORT_ERR' });
  await expect(graph.scores({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'ABORT_ERR' });
});

test('reports edges that are not finite', async () => {
  jest.spyOn(Oracle.prototype, 'nodeInfluence').mockReturnValueOnce(new Float64Array(tinyNodes).fill(Number.NaN));
  await expect(graph.nodeInfluence()).rejects.toMatchObject({ code: 'ERR_NUMERIC' });
});

const floats = (...values: number[]) => Float32Array.of(...values);
const ints = (...values: number[]) => Int32Array.of(...values);
const target = { tokenId: 1, token: 'x', weight: 0.5 };
const model = tinyData().model;

test.each<[string, Partial<Record<keyof GraphData, unknown>>, RegExp]>([
  ['no tokens', { tokens: ints(), tokenStrings: [] }, /tokens must hold at least one/],
  ['a token outside the vocabulary', { tokens: ints(5, 10) }, /found 10 at position 1/],
  ['a token string too few', { tokenStrings: ['a'] }, /each of the 2 tokens; found 1/],
  ['tokens of another type', { tokens: [5, 6] }, /tokens must be an Int32Array; found an array of 2/],
  ['a feature too few', { activeFeatures: ints(0, 0, 40) }, /each of the 4 activation values; found 3/],
  ['a layer too high', { activeFeatures: ints(0, 0, 40, 0, 1, 7, 0, 1, 9, 2, 1, 3) }, /\(2, 1, 3\) at 3/],
  ['a position too high', { activeFeatures: ints(0, 0, 40, 0, 1, 7, 0, 2, 9, 1, 1, 3) }, /\(0, 2, 9\) at 2/],
  ['a negative feature', { activeFeatures: ints(0, 0, -1, 0, 1, 7, 0, 1, 9, 1, 1, 3) }, /\(0, 0, -1\) at 0/],
  ['features out of order', { activeFeatures: ints(0, 0, 40, 0, 1, 9, 0, 1, 7, 1, 1, 3) }, /sorted.*\(0, 1, 7\) at 2/],
  ['a feature twice', { activeFeatures: ints(0, 0, 40, 0, 1, 7, 0, 1, 7, 1, 1, 3) }, /without repetitions/],
  ['a NaN activation', { activationValues: floats(1, Number.NaN, 1, 1) }, /found NaN at 1/],
  ['a selection out of order', { selectedFeatures: ints(0, 3, 1) }, /ascend.*found 1 at 2/],
  ['a selection out of range', { selectedFeatures: ints(0, 1, 4) }, /at most 3; found 4 at 2/],
  ['a negative selection', { selectedFeatures: ints(-1, 1, 3) }, /found -1 at 0/],
  ['no outputs', { logits: [] }, /at least one target/],
  ['a negative probability', { logits: [target, { ...target, weight: -1 }] }, /logits\[1\].weight/],
  ['a NaN probability', { logits: [{ ...target, weight: Number.NaN }, target] }, /found NaN/],
  // Field faults, section 6, L10: both loaded and were exported.
  [
    'a probability above 1',
    { logits: [target, { ...target, weight: 5e36 }] },
    /logits\[1\].*from 0 to 1; found 5e\+36/,
  ],
  ['an infinite probability', { logits: [{ ...target, weight: Infinity }, target] }, /found Infinity/],
  [
    'a token id beyond all',
    { logits: [{ ...target, tokenId: 2 ** 31 - 1 }, target] },
    /tokenId must be below .*2147483647/,
  ],
  [
    'a token id past the targets',
    { logits: [target, { ...target, tokenId: model.dVocab + 2 }] },
    /logits\[1\].tokenId/,
  ],
  ['a token id that is not whole', { logits: [{ ...target, tokenId: 0.5 }, target] }, /logits\[0\]/],
  ['too few edges', { edges: new Float32Array(54) }, /5 x 11 = 55 numbers; found 54/],
  ['no layers', { model: { ...model, nLayers: 0 } }, /model.nLayers/],
  ['no model', { model: undefined }, /model must be an object/],
  ['no scan', { scan: undefined }, /scan must be a string or a list/],
  ['a timing that is not a number', { timings: { forward: 'long' } }, /timings/],
])('refuses %s', (_, changes, message) => {
  const build = () => new Graph(tinyData(changes as Partial<GraphData>));
  expect(build).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT' }));
  expect(build).toThrow(message);
});

// House, section 0, D2: what the tutorial asks of a graph.
test('features are the feature nodes, all or those a test holds for', () => {
  const labelled = graph.withLabels({ '1:3': 'b' });
  expect(labelled.features()).toEqual([0, 1, 2].map((index) => labelled.node(index)));
  expect(labelled.features((node) => node.label?.includes('b'))).toEqual([labelled.node(2)]);
});
