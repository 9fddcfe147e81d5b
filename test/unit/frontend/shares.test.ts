import { linksInto, linksOutOf } from '../../../lib/frontend/core/graph/graph';
import { titleOf } from '../../../lib/frontend/core/graph/names';
import { withLogitDifference } from '../../../lib/frontend/core/measure/logit-difference';
import { strongestPaths } from '../../../lib/frontend/core/measure/paths';
import { scoresOf } from '../../../lib/frontend/core/measure/scores';
import { connectionsOf, hiddenInput, inputParts } from '../../../lib/frontend/core/measure/shares';
import { subgraphOf } from '../../../lib/frontend/core/view/subgraph';
import { emptyView, groupKey } from '../../../lib/frontend/core/view/view';
import { digits } from '../../support/bounds';
import { small } from './support/graph-file';

const { graph, at, nodes } = small();
const id = (name: keyof typeof nodes) => nodes[name].node_id;

test('a share is the weight over all absolute input of the target', () => {
  const into = linksInto(graph, at.high);
  expect(into.map((link) => graph.share[link])).toEqual([0.6, 0.2, -0.2]);
  expect(graph.errorShare[at.high]).toBeCloseTo(0.2, digits.float64);
  expect(linksOutOf(graph, at.middle).map((link) => graph.target[link])).toEqual([at.high, at.water]);
});

test('connections of a node are sorted by share', () => {
  const { inputs, outputs } = connectionsOf(graph, [at.middle]);
  expect(inputs).toEqual([
    { node: at.salt, weight: -2, share: -0.5 },
    { node: at.low, weight: 2, share: 0.5 },
  ]);
  expect(outputs.map(({ node }) => node)).toEqual([at.high, at.water]);
});

test('connections of a group leave its own links out and agree with the edges between boxes', () => {
  const members = [at.middle, at.middleToo, at.high];
  const { inputs, outputs } = connectionsOf(graph, members);
  expect(inputs.map(({ node }) => node).sort()).toEqual([at.low, at.error, at.salt].sort((a, b) => a - b));
  expect(outputs.map(({ node }) => node).sort()).toEqual([at.water, at.lake]);
  const group = { label: 'sea', members: [id('middle'), id('middleToo'), id('high')] };
  const view = { ...emptyView, groups: [group], pins: [...group.members, id('low'), id('salt'), id('error')] };
  const { boxes, edges } = subgraphOf(graph, view);
  const place = boxes.findIndex(({ key }) => key === groupKey(group));
  for (const { node, share } of inputs) {
    const from = boxes.findIndex((box) => box.nodes[0] === node);
    expect(edges.find((edge) => edge.from === from && edge.to === place)?.weight).toBeCloseTo(share, digits.float64);
  }
});

test('edge weights between groups, by the formula', () => {
  // Y = {middle, high}. middle: A = Ext = 4. high: A = 5, Ext = 2 (the link from middle is inside).
  const group = { label: 'y', members: [id('middle'), id('high')] };
  const view = { ...emptyView, groups: [group], pins: [...group.members, id('low'), id('middleToo')] };
  const { boxes, edges } = subgraphOf(graph, view);
  const to = boxes.findIndex(({ kind }) => kind === 'group');
  const weight = (name: keyof typeof nodes) =>
    edges.find((edge) => edge.to === to && boxes[edge.from].key === id(name))?.weight;
  const total = 4 / 4 + 2 / 5;
  expect(weight('low')).toBeCloseTo(((2 / 4) * 1) / total, digits.float64);
  expect(weight('middleToo')).toBeCloseTo(((1 / 2) * 0.4) / total, digits.float64);
});

test('input by kind of source and by token', () => {
  expect(inputParts(graph, [at.high])).toEqual([
    { kind: 'feature', when: 'same', positive: 0.8, negative: 0 },
    { kind: 'error', when: 'same', positive: 0, negative: 0.2 },
  ]);
  expect(inputParts(graph, [at.low]).map(({ kind, when, positive }) => [kind, when, positive])).toEqual([
    ['token', 'same', 0.75],
    ['token', 'earlier', 0.25],
  ]);
  expect(inputParts(graph, [at.a])).toEqual([]);
});

test('what filters hide is said and changes no share', () => {
  const shown = new Uint8Array(graph.n).fill(1);
  shown[at.low] = 0;
  expect(hiddenInput(graph, [at.middle], shown)).toBe(0.5);
  expect(connectionsOf(graph, [at.middle]).inputs[0].share).toBe(-0.5);
});

test('one more output, the difference of two', () => {
  const more = withLogitDifference(graph, ' water__vs__ lake');
  if (!more) throw new Error('no such outputs');
  expect([more.n, more.m]).toEqual([graph.n + 1, graph.m + 3]);
  expect(titleOf(more, graph.n)).toBe('water − lake');
  const weights = linksInto(more, graph.n).map((link) => [more.source[link], more.weight[link]]);
  expect(weights).toEqual([
    [at.high, 5],
    [at.middle, 4],
    [at.error, -1],
  ]);
  expect(scoresOf(more)).toEqual(scoresOf(graph));
  for (const odd of ['', ' water', ' water__vs__', ' water__vs__ water', 'x__vs__y']) {
    expect(withLogitDifference(graph, odd)).toBeUndefined();
  }
});

test('strongest paths are those of a search through all', () => {
  const all: number[] = [];
  const walk = (node: number, share: number) => {
    if (node === at.salt) all.push(share);
    for (const link of linksInto(graph, node)) walk(graph.source[link], share * graph.share[link]);
  };
  walk(at.water, 1);
  all.sort((a, b) => Math.abs(b) - Math.abs(a));
  const found = strongestPaths(graph, at.salt, at.water, 10);
  expect(found.map(({ share }) => share)).toEqual(all.map((share) => expect.closeTo(share, digits.float64)));
  for (const { links } of found) {
    expect(graph.source[links[0]]).toBe(at.salt);
    expect(graph.target[links.at(-1) ?? -1]).toBe(at.water);
  }
  expect(strongestPaths(graph, at.water, at.salt, 10)).toEqual([]);
});
