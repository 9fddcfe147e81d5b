import { parseGraph, parseGraphText } from '../../../lib/frontend/core/graph/parse';
import { cantorPair, cantorUnpair } from '../../../lib/graph-file/cantor';
import { graphFile, link, node, parsed, small } from './support/graph-file';

test('a graph file of this library is parsed', () => {
  const { graph, warnings, at } = small();
  expect(warnings).toEqual([]);
  expect([graph.n, graph.m, graph.nRows]).toEqual([9, 12, 5]);
  expect(graph.kinds).toEqual([
    'token',
    'token',
    'feature',
    'feature',
    'feature',
    'feature',
    'error',
    'logit',
    'logit',
  ]);
  expect(graph.feature[at.high]).toBe(9);
  expect([graph.layer[at.a], graph.row[at.a], graph.row[at.high], graph.row[at.water]]).toEqual([-1, 0, 3, 4]);
  expect(graph.influence[at.water]).toBeNaN();
});

test.each([
  ['layers as numbers', { layer: 1 }, { layer: 1, kind: 'feature' }],
  ['no feature', { feature: null }, { feature: -1, kind: 'feature' }],
  ['an attention feature', { feature_type: 'lorsa' }, { kind: 'attention', feature: 4 }],
  ['an attention error', { feature_type: 'lorsa error' }, { kind: 'error' }],
  ['an unexplored node', { feature_type: 'unexplored node' }, { kind: 'feature' }],
  ['a bias', { feature_type: 'bias', feature: null }, { kind: 'bias' }],
  ['a type nobody knows', { feature_type: 'quux' }, { kind: 'unknown' }],
  ['no type', { feature_type: undefined }, { kind: 'unknown' }],
  ['no label', { clerp: undefined }, { label: '' }],
  ['influence and activation as text', { influence: '0.25', activation: '2' }, { influence: 0.25, activation: 2 }],
])('%s', (_, fields, expected: Record<string, unknown>) => {
  const { graph } = parsed({ nodes: [node.feature(1, 4, 0, fields)], links: [] });
  const { kinds, layer, feature, labels, influence, activation } = graph;
  const read = { kind: kinds[0], layer: layer[0], feature: feature[0], label: labels[0] };
  expect({ ...read, influence: influence[0], activation: activation[0] }).toMatchObject(expected);
});

test('without schema_version the number of a feature is its index', () => {
  const bare = { node_id: '3_cro_250_1', feature: 250, layer: 3, ctx_idx: 1, feature_type: 'cross layer transcoder' };
  const { graph } = parsed({ metadata: { schema_version: undefined }, nodes: [bare], links: [] });
  expect(graph.feature[0]).toBe(250);
});

test('where a node’s id says that its number pairs layer and index, it does, whatever the schema', () => {
  const { graph } = parsed({ metadata: { schema_version: 0 }, nodes: [node.feature(3, 250, 1)], links: [] });
  expect(graph.feature[0]).toBe(250);
});

test('pairing is undone exactly for large numbers', () => {
  for (const [layer, index] of [
    [0, 0],
    [25, 16_383],
    [61, 99_999_999],
    [1, 94_906_263],
  ] as const) {
    expect(cantorUnpair(cantorPair(layer, index))).toEqual({ layer, index });
  }
  for (const odd of [-1, 0.5, Number.NaN, 2 ** 53]) expect(cantorUnpair(odd)).toBeUndefined();
});

test('logits are read with any layer or label, and a probability from either field', () => {
  const nodes = [
    node.feature(0, 1, 0),
    node.logit(4, 0, 0.5, 'x', { layer: '0' }),
    { ...node.logit(5, 0, 0, ''), token_prob: undefined, clerp: 'Logit "y" (p=0.25)' },
    { ...node.logit(6, 0, 0, ''), token_prob: undefined, clerp: 'no probability' },
    { ...node.logit(7, 0, 0.1, 'z'), feature_type: undefined, layer: 'E1' },
  ];
  const { graph } = parsed({ nodes, links: [] });
  expect([...graph.row]).toEqual([1, 2, 2, 2, 2]);
  expect([...graph.probability]).toEqual([0, 0.5, 0.25, 0, 0.1]);
});

test('one token, one layer, no links', () => {
  const { graph, warnings } = parsed({
    metadata: { prompt_tokens: ['a'] },
    nodes: [node.token(1, 0), node.feature(0, 3, 0), node.logit(2, 0, 1, 'b')],
    links: [],
  });
  expect([graph.n, graph.m, graph.nRows]).toEqual([3, 0, 3]);
  expect(warnings).toEqual(['The graph has no edges.']);
});

test('a repeated id: the nodes stay apart and the file’s reader is told', () => {
  const feature = node.feature(0, 2, 1);
  const error = node.error(2, 1, { node_id: feature.node_id });
  const token = node.token(1, 0);
  const { graph, warnings } = parsed({ nodes: [error, feature, token], links: [link(token, feature, 2)] });
  expect(new Set(graph.ids).size).toBe(3);
  expect(graph.kinds[graph.target[0]]).toBe('feature');
  expect(warnings.join()).toMatch('1 node with the id of another node');
});

test('dangling and invalid edges are omitted with a warning', () => {
  const [a, b] = [node.token(1, 0), node.feature(0, 1, 0)];
  const links = [link(a, b, 1), { source: 'gone', target: b.node_id, weight: 1 }, link(a, b, Number.NaN), null, 7];
  const { graph, warnings } = parsed({ nodes: [a, b], links });
  expect(graph.m).toBe(1);
  expect(warnings).toEqual([
    '1 edge omitted: the source or target node does not exist.',
    '3 edges omitted: the weight is not a finite number.',
  ]);
});

test('nodes without an id, a valid layer or a valid position are reported', () => {
  const nodes = [
    { feature_type: 'embedding' },
    node.feature(1, 1, 0, { layer: 'many' }),
    node.feature(0, 2, 0, { layer: 1e9 }),
    node.feature(0, 3, 0, { ctx_idx: -4 }),
    node.feature(0, 4, 5),
    null,
  ];
  const { graph, warnings } = parsed({ nodes, links: [] });
  expect(graph.n).toBe(4);
  expect([...graph.position]).toEqual([0, 0, 0, 5]);
  expect(graph.tokens).toHaveLength(6);
  expect(graph.nRows).toBeLessThan(1100);
  expect(warnings.slice(0, 4)).toEqual([
    '2 nodes omitted: no node_id.',
    '2 nodes without a valid layer, shown at the nearest valid one.',
    '1 node without a valid position (ctx_idx), shown at the nearest valid one.',
    '1 node at positions after the 2 tokens of the prompt.',
  ]);
});

test('NaN and a byte order mark, as some writers leave them', () => {
  const file = graphFile({ nodes: [node.token(1, 0, { clerp: 'NaN "quoted"' })], links: [] });
  const text = JSON.stringify(file).replace('"influence":0.4', '"influence":NaN');
  const { graph, warnings } = parseGraphText(`\ufeff${text}`);
  expect(graph.influence[0]).toBeNaN();
  expect(graph.labels[0]).toBe('NaN "quoted"');
  expect(warnings[0]).toMatch('NaN');
});

test.each([
  ['', /must be JSON/],
  ['{"nodes": [', /must be JSON/],
  ['[]', /must be an object; found a list/],
  ['null', /must be an object; found null/],
  ['{"links": []}', /list "nodes"; found nothing/],
  ['{"nodes": [], "links": {}}', /list "links"; found a object/],
])('%j is refused in plain words', (text, message) => {
  expect(() => parseGraphText(text)).toThrow(message);
});

test('a file without metadata and nodes gives warnings', () => {
  const { graph, warnings } = parseGraph({ nodes: [], links: [] });
  expect(graph.n).toBe(0);
  expect(warnings).toHaveLength(3);
});
