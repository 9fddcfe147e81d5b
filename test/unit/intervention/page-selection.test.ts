import { scaleGroups, selectionFromGraphFile, selectionFromUrl } from '../../../lib/graph-file/selection';
import { expectRejection } from '../../support/expect-rejection';

const groups = [
  ['say & "capital"', '20_1454_8', '21_7_8'],
  ['Texas', '3_5_2', 'E_26865_9'],
  ['Texas', '4_6_2'],
];
const pinned = ['20_1454_8', '9_8_7', 'E_26865_9'];
const expected = {
  groups: [
    {
      label: 'say & "capital"',
      features: [
        { layer: 20, position: 8, feature: 1454 },
        { layer: 21, position: 8, feature: 7 },
      ],
    },
    { label: 'Texas', features: [{ layer: 3, position: 2, feature: 5 }] },
    { label: 'Texas (2)', features: [{ layer: 4, position: 2, feature: 6 }] },
  ],
  pinned: [{ layer: 9, position: 7, feature: 8 }],
};
const query = new URLSearchParams({ slug: 's', pinnedIds: pinned.join(','), supernodes: JSON.stringify(groups) });

describe('a selection', () => {
  test('from a URL', () => {
    expect(selectionFromUrl(`https://example.com/graph/?${query}#top`)).toEqual({
      ...expected,
      others: ['E_26865_9'],
      labels: {},
    });
  });

  test('from a URL that is encoded twice', () => {
    const twice = `pinnedIds=${encodeURIComponent('9_8_7%2C1_2_3')}&supernodes=${encodeURIComponent(encodeURIComponent(JSON.stringify(groups)))}`;
    const { groups: found, pinned: loose } = selectionFromUrl(`?${twice}`);
    expect([found.length, loose.length]).toEqual([3, 2]);
  });

  test('from a URL without one', () => {
    expect(selectionFromUrl('https://example.com/?slug=s')).toEqual({ groups: [], pinned: [], others: [], labels: {} });
  });

  test.each([
    ['lists', { supernodes: groups, pinnedIds: pinned }],
    ['text', { supernodes: JSON.stringify(groups), pinnedIds: pinned.join(',') }],
  ])('from a graph file, as %s', (_, qParams) => {
    expect(selectionFromGraphFile({ qParams, nodes: [] })).toEqual({ ...expected, others: ['E_26865_9'], labels: {} });
  });

  test('of a graph file holds no outputs, and features whose id an error has too', () => {
    const nodes = [
      { node_id: '27_5_8', feature_type: 'logit' },
      { node_id: '0_3_2', feature_type: 'cross layer transcoder' },
      { node_id: '0_3_2', feature_type: 'mlp reconstruction error' },
    ];
    const { pinned: found, others } = selectionFromGraphFile({ qParams: { pinnedIds: ['27_5_8', '0_3_2'] }, nodes });
    expect(found).toEqual([{ layer: 0, position: 2, feature: 3 }]);
    expect(others).toEqual(['27_5_8']);
  });

  test.each([
    // Of L3, feature 40: itself, or paired with its layer into 986.
    ['circuit-tracer', [['986', 'Texas']]],
    ['Neuronpedia', [['3_986_7', 'Texas']]],
    ['ids', [['3_40_7', 'Texas']]],
    ['an object', { '3_40_7': 'Texas' }],
  ])('has the labels given on a page, keyed as %s writes them', (_, clerps) => {
    const url = `https://example.com/?${new URLSearchParams({ clerps: JSON.stringify(clerps) })}`;
    expect(selectionFromUrl(url).labels).toEqual({ '3:40': 'Texas' });
    const nodes = [{ node_id: '3_40_7', feature: 986, layer: '3', ctx_idx: 7, feature_type: 'cross layer transcoder' }];
    const file = { qParams: { clerps: JSON.stringify(clerps) }, nodes: [{ ...nodes[0], clerp: 'old' }] };
    expect(selectionFromGraphFile(file).labels).toEqual({ '3:40': 'Texas' });
  });

  test.each([
    ['?supernodes=%5B', 'ERR_INVALID_ARGUMENT', /supernodes/],
    ['?supernodes=%5B1%5D', 'ERR_INVALID_ARGUMENT', /supernodes/],
    ['?clerps=%5B', 'ERR_INVALID_ARGUMENT', /clerps/],
  ] as const)('refuses %s', async (url, code, message) => {
    await expectRejection((async () => selectionFromUrl(url))(), code, message);
  });

  // Field faults, section 6, L1: a TypeError, and a RangeError from text made of lists in lists.
  test.each([[null], ['node'], [7], [[]]])('refuses a graph file with a node of %j', async (node) => {
    const file = { qParams: {}, nodes: [{ node_id: '0_3_2' }, node] };
    await expectRejection(
      (async () => selectionFromGraphFile(file))(),
      'ERR_FILE_FORMAT',
      /must be objects; found .* at nodes\[1\]/,
    );
  });

  test.each(['feature', 'layer', 'ctx_idx', 'node_id', 'clerp'])(
    'passes over a node whose %s is no number or text',
    (key) => {
      let deep: unknown = [];
      for (let i = 0; i < 100_000; i++) deep = [deep];
      const node = { node_id: '3_40_7', feature: 986, layer: '3', ctx_idx: 7, feature_type: 'cross layer transcoder' };
      for (const value of [deep, { toString: 1 }, null, true]) {
        const file = { qParams: { pinnedIds: ['3_40_7'], clerps: [[value, 'x']] }, nodes: [{ ...node, [key]: value }] };
        expect(selectionFromGraphFile(file).labels).toEqual({});
      }
    },
  );

  test.each([[null], [{}], [[]], [{ qParams: {} }]])('refuses a file of %j', async (file) => {
    await expectRejection((async () => selectionFromGraphFile(file))(), 'ERR_FILE_FORMAT', /graph file/);
  });
});

describe('factors of groups', () => {
  const selection = { ...expected, others: [], labels: {} };

  test('scale every feature of a group, or a pinned one by its id', () => {
    const factors = new Map([
      ['say & "capital"', -2],
      ['9_8_7', 0],
    ]);
    expect(scaleGroups(selection, factors)).toEqual([
      { layer: 20, position: 8, feature: 1454, scale: -2 },
      { layer: 21, position: 8, feature: 7, scale: -2 },
      { layer: 9, position: 7, feature: 8, scale: 0 },
    ]);
  });

  test('of an unknown group are refused, naming those there are', async () => {
    await expectRejection(
      (async () => scaleGroups(selection, new Map([['Utah', 1]])))(),
      'ERR_INVALID_ARGUMENT',
      /"Utah".*"Texas \(2\)"/,
    );
  });
});
