import { barOf, parseFeature, percentile, strength, stretches } from '../../../lib/frontend/core/graph/feature';
import { percent, short, visibleToken } from '../../../lib/frontend/core/graph/format';
import { placeName, titleOf } from '../../../lib/frontend/core/graph/names';
import { compareGraphs } from '../../../lib/frontend/core/measure/compare';
import { search } from '../../../lib/frontend/core/measure/search';
import { linksCsv, nodesCsv } from '../../../lib/frontend/core/view/export-csv';
import { withView } from '../../../lib/frontend/core/view/export-json';
import { chanceRows, steerTargets } from '../../../lib/frontend/core/view/steering';
import { emptyView, group, pin } from '../../../lib/frontend/core/view/view';
import { graphFile, node, parsed, small, smallParts } from './support/graph-file';

const { graph, at, nodes } = small();
const labels = { [nodes.high.node_id]: 'Waves' };
const find = (query: string) => search(query, { graph, labels, pins: new Set([nodes.low.node_id]) });

test.each<[string, (keyof typeof nodes)[]]>([
  ['layer:1', ['middle', 'middleToo', 'error']],
  ['layer:L1 type:feature', ['middle', 'middleToo']],
  ['feature:9', ['high']],
  ['token:salt type:token', ['salt']],
  ['pos:0', ['a']],
  ['the sea', ['middle']],
  ['"the sea"', ['middle']],
  ['WAVES', ['high']],
  ['type:error', ['error']],
  ['is:pinned', ['low']],
  ['9_11_1', ['water']],
  ['no such thing', []],
])('%s', (query, expected) => {
  expect(find(query)).toEqual(expected.map((name) => at[name]));
});

test('an empty search finds all, outputs and influential nodes first', () => {
  const found = find('');
  expect(found).toHaveLength(graph.n);
  expect(found.slice(0, 3)).toEqual([at.water, at.lake, at.low]);
});

test('nodes are named by label, token or position', () => {
  expect(titleOf(graph, at.high, labels)).toBe('Waves');
  expect(titleOf(graph, at.low)).toBe('L0 #7');
  expect(titleOf(graph, at.water)).toBe('Output “water”');
  expect(placeName(graph, at.salt)).toBe('“ salt” at 1');
  expect([visibleToken('\n\t'), visibleToken('  '), visibleToken('')]).toEqual(['⏎⇥', '␣␣', '∅']);
  expect([percent(-0.1234), percent(0), short(1234567), short(-0.5), short(Number.NaN)]).toEqual([
    '−12.3%',
    '0.0%',
    '1.2e+6',
    '−0.5',
    '–',
  ]);
});

test('two graphs, by position and anywhere', () => {
  const moved = [
    node.feature(0, 7, 0),
    node.feature(1, 2, 1),
    node.feature(2, 30, 1),
    node.logit(11, 1, 0.4, ' water'),
  ];
  const other = parsed({ nodes: moved, links: [] }).graph;
  const place = compareGraphs(graph, other, 'position');
  expect(place.inBothLeft[at.low]).toBe(0);
  expect([...place.inBothRight]).toEqual([0, 1, 0, 1]);
  const any = compareGraphs(graph, other, 'any');
  expect([...any.inBothRight]).toEqual([1, 1, 0, 1]);
  expect(any.matches[any.matchOf.left[at.low]]).toMatchObject({ left: at.low, right: 0 });
  expect(any.matches).toHaveLength(graph.n + 1);
});

test('CSV: quoted, and no formulas', () => {
  const view = pin({ ...emptyView, labels: { [nodes.low.node_id]: '=HYPERLINK("x"), y' } }, [nodes.low.node_id]);
  const [head, ...rows] = nodesCsv(graph, view, new Uint8Array(graph.n).fill(1)).trimEnd().split('\r\n');
  expect(head).toMatch(/^id,kind,layer,feature,position,token,label/);
  expect(rows).toHaveLength(graph.n);
  expect(rows[at.low]).toBe('0_7_1,feature,0,7,1, salt,"\'=HYPERLINK(""x""), y",1.5,0.35,1,0.3,,0,1,1,');
  expect(linksCsv(graph).trimEnd().split('\r\n')).toHaveLength(graph.m + 1);
});

test('JSON: the file with the view and labels in it, all else as it was', () => {
  const { nodes: raw, links } = smallParts();
  const file = { ...graphFile({ nodes: Object.values(raw), links }), more: 1 };
  const view = pin({ ...emptyView, labels: { [nodes.low.node_id]: 'low tide' } }, [nodes.low.node_id]);
  const written = withView(file, graph, view);
  expect(written).toMatchObject({ more: 1, links, metadata: file.metadata, qParams: { pinnedIds: ['0_7_1'] } });
  expect((written.nodes as { clerp: string }[])[at.low].clerp).toBe('low tide');
  expect((written.nodes as { clerp: string }[])[at.middle].clerp).toBe('the sea');
});

const feature = {
  index: 3,
  examples_quantiles: [
    {
      quantile_name: 'Top',
      examples: [{ tokens: ['a', '\\xe2\\x82', '\\xac', '<b>'], tokens_acts_list: [0, 1, 2], train_token_ind: 2 }],
    },
  ],
  act_min: 0,
  act_max: 4,
  histogram: [5, 3, 1, 1],
  quantile_values: [1, 2, 3, 4],
};

test('features: bytes are joined to characters, missing parts are empty', () => {
  const info = parseFeature(feature);
  const [example] = info.quantiles[0].examples;
  expect(stretches(example).map(({ text, chosen }) => [text, chosen])).toEqual([
    ['a', false],
    ['€', true],
    ['<b>', false],
  ]);
  expect([strength(2, info), strength(9, info), barOf(3.9, info), barOf(Number.NaN, info)]).toEqual([0.5, 1, 3, -1]);
  expect([percentile(2.5, info), percentile(9, info)]).toEqual([50, 100]);
  expect(parseFeature({ examples_quantiles: [null, { examples: 'x' }] })).toMatchObject({ topLogits: [], least: 0 });
  for (const odd of [null, 7, {}, { examples_quantiles: {} }]) expect(() => parseFeature(odd)).toThrow('not a feature');
});

test('steering: features and groups with features', () => {
  const pins = [nodes.low, nodes.middle, nodes.error, nodes.water, nodes.high].map(({ node_id }) => node_id);
  const view = group(pin(emptyView, pins), [nodes.low.node_id, nodes.error.node_id], 'mixed');
  expect(steerTargets(graph, view).map(({ title, nodes: each }) => [title, each])).toEqual([
    ['the sea', [at.middle]],
    ['L2 #9', [at.high]],
    ['mixed', [at.low]],
  ]);
  const rows = chanceRows([{ token: 'a', probability: 0.5 }], [{ token: 'b', probability: 0.7 }]);
  expect(rows.map(({ token }) => token)).toEqual(['b', 'a']);
});
