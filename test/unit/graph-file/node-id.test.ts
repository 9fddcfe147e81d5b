import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import {
  featureId,
  jsNodeId,
  type NamedNode,
  nodeId,
  type ParsedNodeId,
  parseFeatureId,
  parseNodeId,
} from '../../../lib/graph-file/node-id';
import { Random } from '../../../lib/random';
import { cpuTime } from '../../support/cpu-time';

const nLayers = 26;
const feature: NamedNode = { kind: 'feature', layer: 3, feature: 120, position: 5 };
const error: NamedNode = { kind: 'error', layer: 3, position: 5 };
const token: NamedNode = { kind: 'token', tokenId: 26865, position: 5 };
const logit: NamedNode = { kind: 'logit', tokenId: 26865, position: 5 };

test.each([
  ['3_120_5', feature],
  ['3_-1_5', error],
  ['E_26865_5', token],
  ['27_26865_5', logit],
])('%s is written and read', (id, node) => {
  expect(nodeId(node, nLayers)).toBe(id);
  expect(parseNodeId(id, nLayers)).toEqual(node);
});

test('any node of a graph comes back from its id', () => {
  const random = new Random(5);
  const below = (limit: number) => Math.floor(random.uniform() * limit);
  const lost: NamedNode[] = [];
  for (let i = 0; i < 2000; i++) {
    const position = below(2 ** 17);
    const layer = below(nLayers);
    const nodes: NamedNode[] = [
      { kind: 'feature', layer, feature: below(2 ** 31), position },
      { kind: 'error', layer, position },
      { kind: 'token', tokenId: below(2 ** 31), position },
      { kind: 'logit', tokenId: below(2 ** 31), position },
    ];
    lost.push(...nodes.filter((node) => !isDeepStrictEqual(parseNodeId(nodeId(node, nLayers), nLayers), node)));
  }
  expect(lost).toEqual([]);
});

test.each<[string, ParsedNodeId]>([
  ['3_cro_120_5', feature as ParsedNodeId],
  ['3_lor_120_5', { kind: 'attention', layer: 3, feature: 120, position: 5 }],
  ['3_error_mlp_5', error as ParsedNodeId],
  ['3_error_attn_5', error as ParsedNodeId],
  ['26_26865_5', logit as ParsedNodeId],
  ['3_bias_b_K_5', { kind: 'bias', layer: 3, position: 5 }],
  ['3_unknown_x_y_5', { kind: 'unknown', layer: 3, position: 5 }],
])("Neuronpedia's %s", (id, expected) => {
  expect(parseNodeId(id, nLayers)).toEqual(expected);
});

test.each<[NamedNode, string, ParsedNodeId]>([
  [feature, '3_120-0', { kind: 'featureFromEnd', layer: 3, feature: 120, fromEnd: 0 }],
  // By itself it looks like a feature's.
  [error, '3_5-0', { kind: 'featureFromEnd', layer: 3, feature: 5, fromEnd: 0 }],
  [token, 'E_26865-5', token],
  [logit, 'L_26865-5', logit],
])('the jsNodeId of %j', (node, id, expected) => {
  expect(jsNodeId(node)).toBe(id);
  expect(parseNodeId(id, nLayers)).toEqual(expected);
});

test('without the number of layers, an output reads as a feature', () => {
  expect(parseNodeId('27_26865_5')).toEqual({ kind: 'feature', layer: 27, feature: 26865, position: 5 });
});

test("the Python package's error reads as the feature of layer 0 that it looks like", () => {
  expect(parseFeatureId('0_3_5')).toEqual({ layer: 0, feature: 3, position: 5 });
});

test.each(['3_120_5', '3_cro_120_5'])('%s means a feature at a position', (id) => {
  expect(parseFeatureId(id)).toEqual({ layer: 3, feature: 120, position: 5 });
  expect(featureId({ layer: 3, feature: 120, position: 5 })).toBe('3_120_5');
});

test.each(['E_1_2', '3_-1_5', '3_lor_120_5', '3_120-0', 'group:3_1_2', ''])('%j means no feature', (id) => {
  expect(parseFeatureId(id)).toBeUndefined();
});

test.each([
  '',
  '_',
  '3',
  '3_120',
  '3_120_5_7',
  ' 3_120_5',
  '3_120_5\n',
  '3_120_x',
  '-3_120_5',
  '3_-2_5',
  '3_1.5_5',
  '3_1e3_5',
  '٣_١_٥',
  'e_1_2',
  'E__2',
  'L_1_2',
  `3_${2 ** 53}_5`,
  `3_${'9'.repeat(100)}_5`,
  '__proto__',
])('%j is no id', (id) => {
  expect(parseNodeId(id)).toBeUndefined();
});

test('a text far longer than ids is none, and is not looked at', () => {
  for (const id of ['1_'.repeat(1e6), `3_bias_${'_'.repeat(1e6)}_5`]) {
    expect(parseNodeId(id)).toBeUndefined();
    expect(cpuTime(() => parseNodeId(id))).toBeLessThan(cpuTime(() => JSON.stringify(id)));
  }
});

/** Ids made or taken apart by hand: two parts joined by `_`, ids split or joined at it, or matched with digits around it. */
const handMade = [/\}_(?:-1_)?\$\{/, /[`']E_/, /(?:split|join)\(['"]_['"]\)/, /\\d(?:[+*]|\{[\d,]+\})\)?_/, /_\(?\\d/];

/** Files of weights have layers in their names, and wheels the version of a platform. Nothing else may look like ids. */
const isOther = (line: string) => /safetensors|macosx_|manylinux_/.test(line);

test('ids are made and read in one file only', () => {
  const lib = path.join(__dirname, '../../../lib');
  const files = readdirSync(lib, { recursive: true, encoding: 'utf8' }).filter(
    (file) => /\.tsx?$/.test(file) && file !== path.join('graph-file', 'node-id.ts'),
  );
  expect(files.length).toBeGreaterThan(300);
  const found = files.flatMap((file) =>
    readFileSync(path.join(lib, file), 'utf8')
      .split('\n')
      .filter((line) => !isOther(line) && handMade.some((pattern) => pattern.test(line)))
      .map((line) => `${file}: ${line.trim()}`),
  );
  expect(found).toEqual([]);
});

test('and the search would find those there were', () => {
  const once = [
    'return `#{layer}_#{feature}_#{position}`;',
    'return `#{layer}_-1_#{position}`;',
    'return `E_#{tokenId}_#{position}`;',
    'const names = [layer, feature].map(text).join("_");',
    'const [, layer] = /^(\\d+)_(\\d+)_(\\d+)$/.exec(id) ?? [];',
    'const [, layer] = /^(\\d{1,9})_(\\d{1,9})$/.exec(id) ?? [];',
    'const [, token] = /^E_(\\d+)_\\d+$/.exec(id) ?? [];',
    "const [layer] = id.split('_');",
  ];
  const isFound = (line: string) => handMade.some((pattern) => pattern.test(line.replaceAll('#{', '${')));
  expect(once.filter((line) => !isFound(line))).toEqual([]);
});
