import { forcePlaces } from '../../../lib/frontend/core/layout/force-layout';
import { makeGrid, nearest } from '../../../lib/frontend/core/layout/grid';
import { layeredPlaces } from '../../../lib/frontend/core/layout/layered-layout';
import { layoutLinkGraph } from '../../../lib/frontend/core/layout/layout';
import { influenceOf } from '../../../lib/frontend/core/measure/scores';
import { drawnLinks, strongestLinks } from '../../../lib/frontend/core/view/drawn-links';
import { subgraphOf } from '../../../lib/frontend/core/view/subgraph';
import { emptyView } from '../../../lib/frontend/core/view/view';
import type { Palette } from '../../../lib/frontend/draw/palette';
import { shareFill } from '../../../lib/frontend/draw/share-style';
import { cpuTime } from '../../support/cpu-time';
import { node, parsed, small } from './support/graph-file';

const { graph, at, nodes } = small();
const everything = new Uint8Array(graph.n).fill(1);
const size = { width: 600, height: 250 };

test('columns by token, rows by layer, the likeliest output and the most influential node at the right', () => {
  const { x, y, columns, rowHeight } = layoutLinkGraph(graph, everything, size);
  expect([columns[0], columns.at(-1)]).toEqual([0, 600]);
  expect(rowHeight).toBe(50);
  for (let i = 0; i < graph.n; i++) {
    expect(x[i]).toBeGreaterThan(columns[graph.position[i]]);
    expect(x[i]).toBeLessThan(columns[graph.position[i] + 1]);
    expect(y[i]).toBe(250 - (graph.row[i] + 0.5) * 50);
  }
  expect(x[at.water]).toBeGreaterThan(x[at.lake]);
  expect(x[at.middle]).toBeGreaterThan(x[at.middleToo]);
});

test('hidden nodes have no coordinates', () => {
  const shown = everything.slice();
  shown[at.error] = 0;
  expect(layoutLinkGraph(graph, shown, size).x[at.error]).toBeNaN();
});

test.each([
  ['no nodes', []],
  ['one token', [node.token(1, 0)]],
  ['one layer', [node.token(1, 0), node.feature(0, 1, 0), node.logit(1, 0, 1, 'x')]],
  ['thousands in one cell', Array.from({ length: 3000 }, (_, i) => node.feature(0, i, 0))],
])('%s', (_, list) => {
  const odd = parsed({ metadata: { prompt_tokens: list.length === 0 ? [] : ['a'] }, nodes: list, links: [] }).graph;
  const { x, y } = layoutLinkGraph(odd, new Uint8Array(odd.n).fill(1), size);
  for (let i = 0; i < odd.n; i++) {
    expect(x[i]).toBeGreaterThanOrEqual(0);
    expect(x[i]).toBeLessThanOrEqual(600);
    expect(y[i]).toBeGreaterThanOrEqual(0);
  }
});

test('the nearest node is the one a look at all finds', () => {
  let seed = 1;
  const random = () => {
    seed = (seed * 16_807) % 2_147_483_647;
    return seed / 2_147_483_647;
  };
  const x = Float32Array.from({ length: 400 }, () => random() * 300);
  const y = Float32Array.from({ length: 400 }, () => random() * 200);
  x[7] = Number.NaN;
  const grid = makeGrid(x, y, 300, 200);
  for (let i = 0; i < 300; i++) {
    const [px, py] = [random() * 340 - 20, random() * 240 - 20];
    let best = -1;
    let least = 24 ** 2;
    for (let item = 0; item < 400; item++) {
      const away = (x[item] - px) ** 2 + (y[item] - py) ** 2;
      if (away < least) [best, least] = [item, away];
    }
    expect(nearest(grid, px, py, 24)).toBe(best);
  }
});

const strongest = strongestLinks(graph, influenceOf(graph));

test('links drawn: of the selection, else of pins, else the strongest', () => {
  expect(drawnLinks(graph, emptyView, everything, strongest)).toMatchObject({ of: 'all', left: 0 });
  const pinned = drawnLinks(graph, { ...emptyView, pins: [nodes.high.node_id] }, everything, strongest);
  expect([pinned.of, pinned.links.length]).toEqual(['pins', 5]);
  const selected = drawnLinks(graph, { ...emptyView, selected: nodes.low.node_id }, everything, strongest);
  expect([selected.of, selected.links.length]).toEqual(['selection', 4]);
  const shares = selected.links.map((link) => Math.abs(graph.share[link]));
  expect(shares).toEqual([...shares].sort((a, b) => a - b));
});

test('top-k and weight filters count what they leave out', () => {
  const view = { ...emptyView, selected: nodes.high.node_id, topLinks: 1 };
  expect(drawnLinks(graph, view, everything, strongest)).toMatchObject({ left: 3 });
  const heavy = drawnLinks(graph, { ...view, topLinks: 9, minShare: 0.5 }, everything, strongest);
  expect(heavy.links.every((link) => Math.abs(graph.share[link]) >= 0.5)).toBe(true);
});

test.each([
  ['both', 1],
  ['input', 5],
  ['output', 4],
  ['either', 8],
] as const)('link type %s', (linkType, expected) => {
  const view = { ...emptyView, pins: [nodes.high.node_id, nodes.middle.node_id], linkType };
  expect(drawnLinks(graph, view, everything, strongest).links).toHaveLength(expected);
});

/** Boxes, the given number of them, an eighth of the pairs with an edge. */
function wideSubgraph(count: number) {
  const pins = Array.from({ length: count }, (_, i) => node.feature(i % 20, i, 0));
  const { graph: wide } = parsed({ nodes: pins, links: [] });
  const { boxes } = subgraphOf(wide, { ...emptyView, pins: [...wide.ids] });
  const pairs = boxes.flatMap((_, from) =>
    boxes.map((__, to) => ({ from, to, weight: ((from * 7 + to * 13) % 50) / 50 })),
  );
  return { boxes, edges: pairs.filter(({ from, to }) => boxes[from].row < boxes[to].row && (from + to) % 4 === 0) };
}

test('layered layout of many boxes with many edges, and of none', () => {
  const { boxes, edges } = wideSubgraph(200);
  const places = layeredPlaces({ boxes, edges }, { width: 100, height: 40 });
  for (const { from, to } of edges.filter(({ weight }) => weight > 0.01))
    expect(places[from][1]).toBeGreaterThan(places[to][1]);
  const taken = places.map(([x, y]) => `${Math.round(x / 100)} ${y}`);
  expect(new Set(taken).size).toBe(200);
  expect(layeredPlaces({ boxes: [], edges: [] }, { width: 100, height: 40 })).toEqual([]);
});

// A search of all pairs for each box would grow eightfold and more. What it takes in seconds is for benchmarks.
test('the work of a layered layout grows with the edges', () => {
  const [some, many] = [100, 200].map(wideSubgraph);
  const [less, more] = [some, many].map((subgraph) =>
    cpuTime(() => layeredPlaces(subgraph, { width: 100, height: 40 })),
  );
  expect(more / less).toBeLessThan(2 * (many.edges.length / some.edges.length));
});

test('groups with edges in both directions are laid out', () => {
  const { boxes } = subgraphOf(graph, { ...emptyView, pins: [nodes.low.node_id, nodes.high.node_id] });
  const edges = [
    { from: 0, to: 1, weight: 0.5 },
    { from: 1, to: 0, weight: 0.4 },
  ];
  const [[, low], [, high]] = layeredPlaces({ boxes, edges }, { width: 100, height: 40 });
  expect(low).toBeGreaterThan(high);
});

test.each([
  ['layered', layeredPlaces],
  ['force', forcePlaces],
])('%s layout: sources below their targets, boxes apart', (_, layout) => {
  const pins = [nodes.salt, nodes.low, nodes.middle, nodes.high, nodes.water].map(({ node_id }) => node_id);
  const subgraph = subgraphOf(graph, { ...emptyView, pins });
  const places = layout(subgraph, { width: 100, height: 40 });
  for (const { from, to } of subgraph.edges) expect(places[from][1]).toBeGreaterThan(places[to][1]);
  for (const [i, [x, y]] of places.entries()) {
    for (const [ox, oy] of places.slice(i + 1)) expect(Math.abs(x - ox) >= 100 || Math.abs(y - oy) >= 40).toBe(true);
  }
});

test('colours of shares on the ground they lie on', () => {
  const palette = { surface: '#fff', positive: '#1c69ab', negative: '#ad4f0b' } as Palette;
  expect(shareFill(0.4, palette)).toBe('rgb(28 105 171)');
  expect(shareFill(-9, palette)).toBe('rgb(173 79 11)');
  expect(shareFill(0, { ...palette, surface: '#161b23' })).toBe('rgb(24 49 73)');
});
