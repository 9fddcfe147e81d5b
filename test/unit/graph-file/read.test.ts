import { cantorPair } from '../../../lib/graph-file/cantor';
import {
  readDictionaryName,
  readFeature,
  readLinks,
  readMetadata,
  readNamedGraph,
  readNodeInfluence,
  readNodes,
} from '../../../lib/graph-file/read';
import { nodeRecord } from '../../../lib/graph-file/record';
import { featureTypes, kindOfType, nodeKinds } from '../../../lib/graph-file/schema';

const bare = { layer: '3', ctx_idx: 5, feature_type: featureTypes.feature };
const readOne = (node: unknown, metadata: unknown = { schema_version: 1 }) => readNodes({ metadata, nodes: [node] })[0];

test('what this library writes of a node is read back', () => {
  const nodes = [
    { kind: 'feature', layer: 3, feature: 120, position: 5, activation: 1.5, influence: 0.25, label: 'Texas' },
    { kind: 'error', layer: 3, position: 5, influence: 0.5 },
    { kind: 'token', tokenId: 7, position: 5, influence: 0.75 },
    { kind: 'logit', tokenId: 9, token: ' Austin', weight: 0.5, position: 5, rank: 0, influence: null },
  ] as const;
  const read = readNodes({ metadata: { schema_version: 1 }, nodes: nodes.map((node) => nodeRecord(node, 26)) });
  expect(read).toMatchObject([
    { id: '3_120_5', kind: 'feature', layer: 3, feature: 120, position: 5, activation: 1.5, label: 'Texas' },
    { id: '3_-1_5', kind: 'error', layer: 3, position: 5, influence: 0.5, activation: Number.NaN },
    { id: 'E_7_5', kind: 'token', layer: -1, position: 5, alias: 'E_7-5' },
    { id: '27_9_5', kind: 'logit', layer: 27, probability: 0.5, influence: Number.NaN },
  ]);
  expect(read.map(readFeature)).toEqual([{ layer: 3, position: 5, feature: 120 }, undefined, undefined, undefined]);
});

const paired = cantorPair(3, 120);

test.each([
  ['paired, by the schema', { node_id: 'x', feature: paired }, 1, 120],
  ['paired, by the id', { node_id: '3_120_5', feature: paired }, 0, 120],
  ["paired, by Neuronpedia's id", { node_id: '3_cro_120_5', feature: paired }, 0, 120],
  ['a number of another layer, and an id', { node_id: '3_120_5', feature: 120 }, 1, 120],
  ['an index that might be a pair, and an id', { node_id: `3_${paired}_5`, feature: paired }, 0, paired],
  ['no number, and an id', { node_id: '3_120_5', feature: null }, 1, 120],
  ['an id of another layer', { node_id: '4_120_5', feature: 120 }, 1, undefined],
  ['a number and nothing to say what it is', { node_id: 'x', feature: paired }, 0, undefined],
])('the index of a feature: %s', (_, fields, schema, expected) => {
  expect(readOne({ ...bare, ...fields }, { schema_version: schema })?.feature).toBe(expected);
});

test('where a feature is, by its fields or else by its id', () => {
  const place = { layer: 3, position: 5, feature: 120 };
  const where = (node: object) =>
    readFeature(readNodes({ metadata: { schema_version: 1 }, nodes: [node] })[0] as never);
  expect(where({ ...bare, node_id: 'x', feature: paired })).toEqual(place);
  expect(where({ node_id: '3_120_5', feature_type: 'transcoder' })).toEqual(place);
  expect(where({ ...bare, node_id: '3_120_5', feature: paired, ctx_idx: -1 })).toEqual(place);
  expect(where({ ...bare, node_id: '3_120_5', feature_type: 'mlp reconstruction error' })).toBeUndefined();
  expect(where({ ...bare, node_id: 'x', feature: paired, feature_type: 'lorsa' })).toBeUndefined();
});

test('every kind that is written is read', () => {
  for (const [kind, type] of Object.entries(featureTypes)) expect(kindOfType(type)).toBe(kind);
  expect(['lorsa', ' Lorsa Error ', 'bias', 'quux', 7, null].map(kindOfType)).toEqual([
    'attention',
    'error',
    'bias',
    'unknown',
    'unknown',
    'unknown',
  ]);
  expect(nodeKinds).toContain(kindOfType('__proto__'));
});

test('links, the broken ones too', () => {
  const links = [{ source: 'a', target: 'b', weight: '-2' }, { source: 1, target: {}, weight: Infinity }, null];
  expect(readLinks({ links })).toEqual([
    { source: 'a', target: 'b', weight: -2 },
    { source: '1', target: '', weight: Number.NaN },
    { source: '', target: '', weight: Number.NaN },
  ]);
});

test("links and labels by this library's ids, whatever the file calls its nodes", () => {
  const nodes = [
    { ...bare, node_id: '3_cro_120_5', feature: paired, clerp: 'Texas' },
    { node_id: 'E_7_5', feature_type: 'embedding', clerp: 'Emb' },
    { node_id: '', feature_type: 'embedding', clerp: 'nameless' },
  ];
  const links = [
    { source: 'E_7_5', target: '3_cro_120_5', weight: 1 },
    { source: 'E_7_5', target: 'gone', weight: null },
  ];
  expect(readNamedGraph({ nodes, links })).toEqual({
    links: [{ source: 'E_7_5', target: '3_120_5', weight: 1 }],
    labels: new Map([
      ['3_120_5', 'Texas'],
      ['E_7_5', 'Emb'],
    ]),
  });
});

test('readMetadata reads the metadata of any writer', () => {
  const metadata = { prompt: 'a', prompt_tokens: ['a', 7, null], scan: 's', schema_version: '1', node_threshold: 0.8 };
  expect(readMetadata({ metadata })).toEqual({
    prompt: 'a',
    promptTokens: ['a', '7', ''],
    scan: 's',
    schemaVersion: 1,
    nodeThreshold: 0.8,
  });
  const nothing = { prompt: '', promptTokens: undefined, scan: '', schemaVersion: 0, nodeThreshold: undefined };
  expect(readMetadata({})).toEqual(nothing);
  expect(readMetadata({ metadata: { prompt: [], scan: {}, node_threshold: 7 } })).toEqual(nothing);
});

test.each([
  [{ scan: 'gemma' }, 'gemma'],
  [{ scan: 'custom-1', transcoder_list: ['a', 'b'] }, 'b'],
  [{ scan: 'gemma-2-2b', info: { transcoder_set: 'mine' } }, 'mine'],
  [{ scan: 'custom-1' }, ''],
  [{}, ''],
])('the dictionary of layer 1 by %j', (metadata, expected) => {
  expect(readDictionaryName(metadata, 1)).toBe(expected);
});

test('readNodeInfluence reads numbers and numeric text', () => {
  expect(readNodeInfluence({ node_influence: { a: 0.5, b: '0.25', c: null } })).toEqual(
    new Map([
      ['a', 0.5],
      ['b', 0.25],
    ]),
  );
  expect(readNodeInfluence({ node_influence: [1] }).size).toBeLessThan(2);
});

/** Nothing in a file, however odd or deep, is more than odd. */
test('no file makes the reader throw', () => {
  let deep: unknown = [];
  for (let i = 0; i < 100_000; i++) deep = [deep];
  for (const odd of [deep, null, undefined, 7, 'x', true, [], [null], [deep], {}, { toString: 1 }, Number.NaN]) {
    const node = { ...bare, node_id: odd, feature: odd, jsNodeId: odd, clerp: odd, isLogit: odd, influence: odd };
    const places = { node_id: '3_1_2', feature_type: odd, layer: odd, ctx_idx: odd, activation: odd, token_prob: odd };
    const link = { source: odd, target: odd, weight: odd };
    const metadata = { prompt: odd, prompt_tokens: [odd], scan: odd, schema_version: odd, transcoder_list: odd };
    for (const file of [
      { metadata: odd, nodes: odd, links: odd, node_influence: odd },
      { metadata, nodes: [odd, node, places], links: [odd, link], node_influence: { a: odd } },
    ]) {
      expect(readNodes(file).map(readFeature)).toBeDefined();
      expect(readNamedGraph(file)).toBeDefined();
      expect([readMetadata(file), readNodeInfluence(file)]).toHaveLength(2);
      expect(typeof readDictionaryName({ ...metadata, info: odd }, 0)).toBe('string');
    }
  }
});
