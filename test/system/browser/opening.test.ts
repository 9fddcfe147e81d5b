import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { graphFile, link, node } from '../../unit/frontend/support/graph-file';
import { smallFile } from './support/graphs';
import { boxNames, folderOf, PageTests, selectBySearch } from './support/page';

const tests = new PageTests();

const evil = '<img src=x onerror="window.hacked=1">';
const token = node.token(1, 0);
const feature = node.feature(0, 3, 0);
const logit = node.logit(2, 0, 1, 'b');
const one = { prompt_tokens: ['a'] };

const odd: Record<string, unknown> = {
  'no-view': smallFile(),
  'one-token': graphFile({ metadata: one, nodes: [token, feature, logit], links: [link(token, feature, 1)] }),
  'one-layer': graphFile({ nodes: [feature, logit], links: [link(feature, logit, 1)] }),
  'no-links': graphFile({ nodes: [token, feature], links: [] }),
  'no-nodes': graphFile({ nodes: [], links: [] }),
  'logit-without-p': graphFile({ nodes: [token, { ...logit, clerp: 'b', token_prob: undefined }], links: [] }),
  'numbers-for-layers': graphFile({
    metadata: { schema_version: undefined },
    nodes: [
      { ...token, layer: 'E', feature: null },
      { ...feature, layer: 0, feature: 3 },
      { ...feature, node_id: '0_lor_7_0', layer: 0, feature: 7, feature_type: 'lorsa' },
      { ...logit, layer: 1 },
    ],
    links: [link(token, feature, 1), { source: '0_lor_7_0', target: logit.node_id, weight: -1 }],
  }),
  'same-id': graphFile({ nodes: [token, feature, { ...node.error(0, 0), node_id: feature.node_id }], links: [] }),
  dangling: graphFile({ nodes: [token, feature], links: [{ source: 'x', target: 'y', weight: 1 }] }),
  'long-tokens': graphFile({
    metadata: { prompt_tokens: ['a'.repeat(200)] },
    nodes: [token, feature, logit],
    links: [],
  }),
  'odd-view': smallFile({ qParams: { pinnedIds: 7, supernodes: '[[', clerps: [null], sg_pos: 5, clickedId: [] } }),
};

test('every unusual graph file can be opened', async () => {
  const server = await tests.serve(odd);
  const page = await tests.open(server.urlOf('no-view'));
  for (const slug of Object.keys(odd)) {
    await page.goto(server.urlOf(slug));
    await page.waitForSelector('.link-graph[data-drawn]');
    const nodes = ((odd[slug] as { nodes: unknown[] }).nodes ?? []).length;
    expect([slug, await page.textContent('.link-foot .summary')]).toEqual([
      slug,
      expect.stringMatching(`of ${nodes} node`),
    ]);
  }
});

test.each([
  ['text', 'hello', 'must be JSON'],
  ['half', '{"nodes": [', 'must be JSON'],
  ['list', [], 'must be an object; found a list'],
  ['linkless', { nodes: [] }, 'list "links"; found nothing'],
])('a file that is no graph says so: %s', async (slug, file, message) => {
  const server = await tests.serve({ [slug]: file });
  const page = await tests.open(server.urlOf(slug), { drawn: false });
  await page.waitForSelector(`text=${message}`);
});

test('a graph that isn’t there, and none at all', async () => {
  const server = await tests.serve({});
  const page = await tests.open(server.urlOf('gone'), { drawn: false });
  await page.waitForSelector('text=The server has no such graph (404');
  await page.goto(server.url);
  await page.waitForSelector('text=There are no graphs here yet');
});

test('labels and tokens are text, never HTML', async () => {
  const nodes = [
    { ...token, clerp: evil },
    { ...feature, clerp: evil },
    { ...logit, clerp: `Output "${evil}" (p=1.0)` },
  ];
  const file = graphFile({
    metadata: { prompt_tokens: [evil], prompt: evil, slug: evil },
    qParams: { pinnedIds: nodes.map(({ node_id }) => node_id), supernodes: [[evil, feature.node_id, token.node_id]] },
    nodes,
    links: [link(token, feature, 1), link(feature, logit, 1)],
  });
  const server = await tests.serve({ evil: file });
  const page = await tests.open(server.urlOf('evil'));
  await page.focus('.link-graph');
  await page.keyboard.press('ArrowUp');
  expect(await page.textContent('.tip')).toContain('<img');
  await selectBySearch(page, 'type:feature');
  expect(await page.textContent('.selected-title')).toContain(evil);
  await page.fill('#label', `${evil}2`);
  await page.press('#label', 'Enter');
  expect(await boxNames(page)).toEqual(expect.arrayContaining([expect.stringContaining('<img')]));
  await page.click('text=Compare');
  await page.selectOption('[aria-label="Other graph"]', 'evil');
  await page.waitForSelector('.compare-list .node-row');
  await page.keyboard.press('Escape');
  await page.click('[aria-label="About this graph"]');
  expect(await page.textContent('.prompt')).toBe(evil);
  expect(await page.evaluate(() => [document.images.length, (globalThis as { hacked?: unknown }).hacked])).toEqual([
    0,
    undefined,
  ]);
});

test('a file that changed on the disk is read anew', async () => {
  const folder = folderOf({ x: smallFile() });
  const server = await tests.serve(folder);
  const page = await tests.open(server.urlOf('x'));
  await page.waitForSelector('text=9 of 9 nodes');
  const file = JSON.parse(readFileSync(path.join(folder, 'x.json'), 'utf8'));
  writeFileSync(path.join(folder, 'x.json'), JSON.stringify({ ...file, nodes: file.nodes.slice(0, 5) }));
  await page.click('[aria-label="Reload the file"]');
  await page.waitForSelector('text=5 of 5 nodes');
  writeFileSync(path.join(folder, 'x.json'), JSON.stringify({ ...file, nodes: file.nodes.slice(0, 3) }));
  await page.reload();
  await page.waitForSelector('text=3 of 3 nodes');
});

test('a dropped file is shown, and a broken one leaves the graph on show', async () => {
  const server = await tests.serve({ x: smallFile() });
  const page = await tests.open(server.urlOf('x'));
  const drop = async (name: string, text: string) => {
    const data = await page.evaluateHandle(
      ([title, content]) => {
        const transfer = new DataTransfer();
        transfer.items.add(new File([content], title, { type: 'application/json' }));
        return transfer;
      },
      [name, text],
    );
    await page.dispatchEvent('body', 'dragover', { dataTransfer: data });
    await page.waitForSelector('.drop-hint');
    await page.dispatchEvent('body', 'drop', { dataTransfer: data });
  };
  await drop('mine.json', JSON.stringify(odd['one-token']));
  await page.waitForSelector('text=3 of 3 nodes');
  await drop('broken.json', '{');
  await page.waitForSelector('text=broken.json: A graph file must be JSON');
  await page.waitForSelector('text=3 of 3 nodes');
});
