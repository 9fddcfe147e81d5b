import { change, historyOf, redo, replace, undo } from '../../../lib/frontend/core/view/history';
import { readView, viewText, writeView } from '../../../lib/frontend/core/view/saved-view';
import { packView, readAddress, selectionAddress, viewAddress } from '../../../lib/frontend/core/view/url';
import * as views from '../../../lib/frontend/core/view/view';
import { shownNodes } from '../../../lib/frontend/core/view/visible';
import { selectionFromUrl } from '../../../lib/graph-file/selection';
import { small } from './support/graph-file';

const { graph, at, nodes } = small();
const id = (name: keyof typeof nodes) => nodes[name].node_id;
const { emptyView } = views;

function arranged(): views.View {
  let view = views.pin(emptyView, [id('low'), id('middle'), id('high'), id('water')]);
  view = views.group(view, [id('low'), id('middle')], 'sea');
  view = views.rename(view, id('high'), 'g is for gull');
  view = views.move(view, id('high'), [12.5, -40]);
  return { ...views.select(view, id('high')), threshold: 0.62, hideErrors: true, layout: 'force', minShare: 0.01 };
}

test('written values are read back unchanged', () => {
  const view = arranged();
  const { view: read, lost } = readView(graph, JSON.parse(JSON.stringify(writeView(view))));
  expect(read).toEqual({ ...view, extra: {} });
  expect(lost).toEqual([]);
  expect(viewText(read)).toBe(viewText(view));
});

test('a link to a view holds all of it', async () => {
  const view = arranged();
  const address = await viewAddress(new URL('http://x/?slug=old&clickedId=1'), 'a-graph', writeView(view));
  expect(address).toMatch(/^http:\/\/x\/\?slug=a-graph#v=[\w-]+$/);
  const { slug, params } = await readAddress(new URL(address));
  expect(slug).toBe('a-graph');
  expect(readView(graph, params).view).toEqual(view);
});

test('the library reads the groups and pins of such a link', async () => {
  const address = await viewAddress(new URL('http://x/'), 'a-graph', writeView(arranged()));
  expect(selectionFromUrl(address)).toEqual({
    groups: [
      {
        label: 'sea',
        features: [
          { layer: 0, feature: 7, position: 1 },
          { layer: 1, feature: 2, position: 1 },
        ],
      },
    ],
    pinned: [
      { layer: 2, feature: 9, position: 1 },
      { layer: 9, feature: 11, position: 1 },
    ],
    labels: { '2:9': 'g is for gull' },
    others: [],
  });
  expect(() => selectionFromUrl('http://x/?slug=s#v=AAAA')).toThrow('Copy the URL again');
});

test('a fragment that makes no sense is left out', async () => {
  for (const fragment of ['#v=%%%', '#v=AAAA', `#v=${await packView([] as never)}`, '#else']) {
    expect(await readAddress(new URL(`http://x/?slug=s${fragment}`))).toEqual({ slug: 's', params: {}, logitDiff: '' });
  }
  expect(selectionAddress('s', '1_2_3')).toBe('?slug=s&clickedId=1_2_3');
});

const groups = JSON.stringify([['sea', id('low'), id('middle')]]);
const read = async (search: string) => readView(graph, (await readAddress(new URL(`http://x/${search}`))).params);

test('an address of the Python package’s page', async () => {
  const clerps = JSON.stringify([[nodes.middle.feature, 'salt water']]);
  const query = new URLSearchParams({
    slug: 'x',
    clickedId: id('high'),
    pinnedIds: [id('low'), id('middle'), 'gone_1_1'].join(','),
    supernodes: groups,
    clerps,
    pruningThreshold: '0.55',
  });
  const { view, lost } = await read(`?${query}`);
  expect(view.pins).toEqual([id('low'), id('middle')]);
  expect(view.groups).toEqual([{ label: 'sea', members: [id('low'), id('middle')] }]);
  expect(view.labels).toEqual({ [id('middle')]: 'salt water' });
  expect([view.selected, view.threshold, lost]).toEqual([id('high'), 0.55, ['gone_1_1']]);
});

test('values encoded twice, as the first page wrote them', async () => {
  const twice = encodeURIComponent(encodeURIComponent(groups));
  const { view } = await read(
    `?slug=x&supernodes=${twice}&pinnedIds=${encodeURIComponent(encodeURIComponent(`${id('high')},${id('low')}`))}`,
  );
  expect(view.groups[0].members).toEqual([id('low'), id('middle')]);
  expect(view.pins).toContain(id('high'));
});

test('an address of Neuronpedia’s page: labels by layer_feature_position', async () => {
  const clerps = JSON.stringify([['1_2_1', 'salt water']]);
  const { view } = await read(`?clerps=${encodeURIComponent(clerps)}&claudeMode=true&densityThreshold=0.5`);
  expect(view.labels).toEqual({ [id('middle')]: 'salt water' });
  expect(view.hideErrors).toBe(true);
});

test('aliases of nodes, and a selected group by its number', () => {
  const params = { pinnedIds: [nodes.high.jsNodeId], supernodes: [['sea', id('low'), id('middle')]] };
  const { view } = readView(graph, { ...params, clickedId: 'supernode-0' });
  expect(view.pins).toContain(id('high'));
  expect(view.selected).toBe(views.groupKey(view.groups[0]));
});

test.each([
  [
    'text after a save of the Python package',
    { pinnedIds: `${id('low')},${id('high')}`, supernodes: '[]', clerps: '[]', clickedId: null },
  ],
  ['lists', { pinnedIds: [id('low'), id('high')], supernodes: [], clerps: [], clickedId: '' }],
])('a saved view whose fields are %s', (_, params) => {
  const { view } = readView(graph, params);
  expect([view.pins, view.groups, view.labels]).toEqual([[id('low'), id('high')], [], {}]);
});

test('places of the older form, in the order of its sort', () => {
  const pinned = { pinnedIds: [id('low'), id('high')], supernodes: [['sea', id('middle'), id('middleToo')]] };
  const { view } = readView(graph, { ...pinned, sg_pos: '100 200 300 400 500 600' });
  expect(Object.keys(view.positions)).toHaveLength(3);
  expect(
    Object.values(view.positions)
      .map(([x]) => x)
      .sort((a, b) => a - b),
  ).toEqual([100, 300, 500]);
  expect(readView(graph, { ...pinned, sg_pos: '100 200 300' }).view.positions).toEqual({});
});

test.each([
  { pinnedIds: 7, supernodes: 'x', clerps: 5, clickedId: {}, pruningThreshold: 'much', positions: [1] },
  { pinnedIds: [null, {}], supernodes: [[], [null], ['x']], clerps: [[], [1], null], sg_pos: 'a b' },
  { supernodes: '[[', pinnedIds: '%E0%A4%A', clerps: '{', topLinks: -5, minShare: 9, layout: 'spiral' },
])('nonsense in a saved view is passed over: %j', (params) => {
  const { view } = readView(graph, params);
  expect([view.groups, view.labels, view.positions, view.selected]).toEqual([[], {}, {}, '']);
  expect(view.layout).toBe('layered');
});

test('fields of other pages stay in the file', () => {
  const { view } = readView(graph, { gridsnap: 'a_b', pinnedIds: [] });
  expect(writeView(view).gridsnap).toBe('a_b');
});

test('groups merge, lose members and dissolve', () => {
  let view = arranged();
  const [{ members }] = view.groups;
  view = views.group(view, [views.groupKey(view.groups[0]), id('high')], 'other');
  expect(view.groups).toEqual([{ label: 'sea', members: [...members, id('high')] }]);
  view = views.leaveGroup(view, id('high'));
  expect(view.groups[0].members).toEqual(members);
  expect(view.pins).toContain(id('high'));
  view = views.unpin(view, [id('low')]);
  expect(view.groups).toEqual([]);
  expect(view.pins).toContain(id('middle'));
  expect(views.ungroup(arranged(), views.groupKey(arranged().groups[0])).groups).toEqual([]);
});

test('a group needs two nodes; a blank name becomes “group”', () => {
  expect(views.group(emptyView, [id('low')], 'x')).toBe(emptyView);
  const view = arranged();
  expect(views.rename(view, views.groupKey(view.groups[0]), '  ').groups[0].label).toBe('group');
  expect(views.rename(view, id('high'), '').labels).toEqual({});
});

test('filters: pinned and selected nodes stay above the threshold, tokens and outputs always', () => {
  const shown = (view: Partial<views.View>) => shownNodes(graph, { ...emptyView, ...view });
  expect([...shown({ threshold: 0.5 })]).toEqual([1, 1, 1, 1, 0, 0, 0, 1, 1]);
  expect(shown({ threshold: 0, pins: [id('high')] })[at.high]).toBe(1);
  expect(shown({ threshold: 0, selected: id('high') })[at.high]).toBe(1);
  expect(shown({ hideErrors: true })[at.error]).toBe(0);
});

test('undo and redo; steps of one kind are one step', () => {
  let history = historyOf(0);
  for (const value of [1, 2]) history = change(history, value);
  for (const value of [3, 4, 5]) history = change(history, value, 'slide');
  history = replace(history, 6);
  history = undo(history);
  expect(history.present).toBe(2);
  expect(redo(history).present).toBe(6);
  history = undo(undo(undo(history)));
  expect(history.present).toBe(0);
  expect(change(history, 9).future).toEqual([]);
  expect(change(history, 0)).toBe(history);
});
