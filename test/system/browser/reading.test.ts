import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { Graph, type PrunedGraph } from '../../../lib';
import { writeGraphFiles } from '../../../lib/graph/formats/graph-files';
import { inputShares } from '../../../lib/graph/input-shares';
import { groupEdges } from '../../../lib/graph-file/group-edges';
import { cliScript, runNode } from '../../support/child';
import { eventually } from '../../support/eventually';
import { temporaryFolder } from '../../support/temporary-folder';
import { referenceRun } from '../../unit/graph/support/parity-graph';
import { smallFile } from './support/graphs';
import { PageTests, pinBySearch, selectBySearch } from './support/page';

const tests = new PageTests();

/** Rows of one list of the connections, top to bottom, with printed shares as numbers. */
async function rowsOf(page: Page, list: 'Inputs' | 'Outputs') {
  return page.locator(`.connection-list[aria-label="${list}"] .node-row`).evaluateAll((rows) =>
    rows.map((row) => ({
      title: row.querySelector('.node-title')?.textContent,
      share: Number(row.querySelector('.node-number')?.textContent?.replace('−', '-').replace('%', '')),
    })),
  );
}

test('a pinned node above the threshold stays in both panes, and the slider changes no share', async () => {
  const server = await tests.serve({ x: smallFile() });
  const page = await tests.open(server.urlOf('x'));
  await pinBySearch(page, 'feature:9');
  const before = await rowsOf(page, 'Inputs');
  expect(before.map(({ share }) => share)).toEqual([60, 20, -20]);
  await page.locator('input[type=range]').first().fill('0.35');
  await page.waitForSelector('text=6 of 9 nodes');
  expect(await rowsOf(page, 'Inputs')).toEqual(before);
  await eventually(async () => expect(await page.locator('.box').count()).toBe(1));
  await page.keyboard.press('Escape');
  await page.waitForSelector('text=6 of 9 nodes');
  await selectBySearch(page, 'feature:9');
  expect(await page.textContent('.input-summary summary')).toContain('100.0% from hidden nodes');
});

test('lists are in the order of what they print', async () => {
  const server = await tests.serve({ x: smallFile() });
  const page = await tests.open(server.urlOf('x'));
  await selectBySearch(page, 'feature:2 layer:1');
  for (const list of ['Inputs', 'Outputs'] as const) {
    const shares = (await rowsOf(page, list)).map(({ share }) => share);
    const positive = shares.filter((share) => share >= 0);
    const negative = shares.filter((share) => share < 0);
    expect(shares).toEqual([...positive.sort((a, b) => b - a), ...negative.sort((a, b) => a - b)]);
  }
});

test('weight and top-k filters', async () => {
  const server = await tests.serve({ x: smallFile() });
  const page = await tests.open(server.urlOf('x'));
  await selectBySearch(page, 'feature:9');
  await page.waitForSelector('text=5 edges (of the selection)');
  await page.click('summary:has-text("Edges")');
  await page.getByLabel('At most per node').fill('1');
  await page.keyboard.press('Tab');
  await page.waitForSelector('text=2 edges (of the selection, 3 more not drawn)');
  await page.getByLabel('Share of input at least').fill('55');
  await page.keyboard.press('Tab');
  await page.waitForSelector('text=1 edge (of the selection)');
  expect(await rowsOf(page, 'Inputs')).toHaveLength(1);
});

test('hidden errors, and search by label, token, layer, feature and type', async () => {
  const server = await tests.serve({ x: smallFile() });
  const page = await tests.open(server.urlOf('x'));
  await page.keyboard.press('e');
  await page.waitForSelector('text=8 of 9 nodes');
  for (const [query, count] of [
    ['sea', 1],
    ['token:salt', 8],
    ['layer:1', 3],
    ['feature:9', 1],
    ['type:error', 1],
  ]) {
    await page.fill('#search', String(query));
    await page.waitForSelector(`.results-head >> text="${count} node${count === 1 ? '' : 's'}"`);
  }
});

test('a path between two nodes', async () => {
  const server = await tests.serve({ x: smallFile() });
  const page = await tests.open(server.urlOf('x'));
  await selectBySearch(page, 'token:salt type:token');
  await page.keyboard.press('t');
  await selectBySearch(page, 'type:output water');
  await page.waitForSelector('.paths .path');
  const texts = await page.locator('.paths .path').allTextContents();
  // salt -> low 3/4, low -> middle 1/2, middle -> water 1/2
  expect(texts[0]).toMatch(/^−25\.00%.*salt.*the sea.*water/);
  expect(texts[1]).toContain('+18.75%');
  await page.locator('.paths li button:text-is("Pin")').first().click();
  await eventually(async () => expect(await page.locator('.box').count()).toBe(3));
});

test('two graphs side by side', async () => {
  const other = smallFile();
  const server = await tests.serve({ x: smallFile(), y: { ...other, nodes: other.nodes.slice(0, 4) } });
  const page = await tests.open(server.urlOf('x'));
  await page.click('text=Compare');
  await page.selectOption('[aria-label="Other graph"]', 'y');
  await page.waitForSelector('.compare-list');
  await eventually(async () =>
    expect(await page.locator('.compare-list [role=tab]').allTextContents()).toEqual([
      'In both 4',
      'Only left 5',
      'Only right 0',
    ]),
  );
  await page.click('.compare-list .node-row >> nth=0');
  // In both graphs, the links of the node that was chosen.
  await page.waitForFunction(() =>
    [...document.querySelectorAll<HTMLElement>('.compared-graph .link-graph')].every(
      ({ dataset }) => dataset.drawn !== '0',
    ),
  );
});

async function reference(): Promise<{ pruned: PrunedGraph; directory: string }> {
  const run = await referenceRun('gpt2-plt-relu', 'graph');
  if (!run) throw new Error('no reference graph');
  const pruned = await new Graph(run.data).prune();
  const directory = temporaryFolder();
  await writeGraphFiles(pruned, { slug: 'reference', directory });
  return { pruned, directory };
}

async function download(page: Page, item: string): Promise<string> {
  await page.click('summary:has-text("File")');
  const [file] = await Promise.all([page.waitForEvent('download'), page.click(`text="${item}"`)]);
  return readFileSync(await file.path(), 'utf8');
}

test('the page’s shares are the library’s to 1e-6', async () => {
  const { pruned, directory } = await reference();
  const server = await tests.serve(directory);
  const page = await tests.open(server.urlOf('reference'));
  const rows = (await download(page, 'Edges as CSV')).trimEnd().split('\r\n').slice(1);
  const shares = new Map(
    rows
      .map((row) => row.split(','))
      .map(([source, target, , share]) => [`${source} ${target}`, Math.abs(Number(share))]),
  );
  const ids = new Map(pruned.nodes().map((node) => [node.index, node.id]));
  const expected = inputShares(pruned).share;
  expect(shares.size).toBe(pruned.nEdges);
  for (let edge = 0; edge < pruned.nEdges; edge++) {
    const key = `${ids.get(pruned.edgeSources[edge])} ${ids.get(pruned.edgeTargets[edge])}`;
    expect(shares.get(key)).toBeCloseTo(expected[edge], 6);
  }
});

test('edges between boxes are the library’s', async () => {
  const { pruned, directory } = await reference();
  const { links } = JSON.parse(readFileSync(path.join(directory, 'reference.json'), 'utf8'));
  const features = await pruned.topFeatures(5);
  const [a, b, c, d, e] = features.map(({ node }) => node.id);
  const boxes = [[c], [d], [e], [a, b]];
  const server = await tests.serve(directory);
  const query = new URLSearchParams({
    slug: 'reference',
    pinnedIds: [a, b, c, d, e].join(','),
    supernodes: JSON.stringify([['pair', a, b]]),
    clerps: JSON.stringify([c, d, e].map((id) => [id, id])),
  });
  const page = await tests.open(`${server.url}?${query}`);
  await page.waitForSelector('.box');
  const titles = await page.locator('.edges title').allTextContents();
  const names = [c, d, e, 'pair'];
  const expected = groupEdges<string>(links, boxes).filter(({ weight }) => Math.abs(weight) >= 0.003);
  expect(titles).toHaveLength(expected.length);
  for (const { from, to, weight } of expected) {
    const printed = `${weight < 0 ? '−' : '+'}${Math.abs(100 * weight).toFixed(1)}%`;
    expect(titles).toContain(`${names[from]} → ${names[to]}: ${printed} of its outside input`);
  }
});

test('a group shows what leads into it, as the edges do', async () => {
  const { nodes, links } = smallFile() as unknown as { nodes: { node_id: string }[]; links: never[] };
  const at = (place: number) => nodes[place].node_id;
  const server = await tests.serve({ x: smallFile() });
  const query = new URLSearchParams({
    slug: 'x',
    supernodes: JSON.stringify([['tide', at(3), at(5)]]),
    clickedId: 'supernode-0',
  });
  const page = await tests.open(`${server.url}?${query}`);
  await page.waitForSelector('.connection-list');
  const others = [0, 1, 2, 4, 6].map((place) => [at(place)]);
  const expected = groupEdges<string>(links, [...others, [at(3), at(5)]]).filter(({ to }) => to === 5);
  const shares = (await rowsOf(page, 'Inputs')).map(({ share }) => share);
  expect(shares.sort()).toEqual(expected.map(({ weight }) => Math.round(1000 * weight) / 10).sort());
});

// Page trials, H3 to H5; field faults, section 2.
test('all nodes of the demo graph are shown, with the influence that the command line prints', async () => {
  const folder = temporaryFolder();
  const prompt = 'Fact: the capital of the state containing Dallas is';
  const files = ['--slug', 'dallas', '--graph-file-dir', folder];
  const { stdout } = await runNode(cliScript, [
    'attribute',
    '-m',
    'demo',
    '-t',
    'demo',
    '-p',
    prompt,
    ...files,
    '--json',
  ]);
  const { topFeatures } = JSON.parse(stdout);
  const page = await tests.open((await tests.serve(folder)).urlOf('dallas'));
  await page.waitForSelector('text=20 of 20 nodes; 58 edges (the strongest)');
  await page.waitForSelector('text=Keep nodes up to 0.80 of influence');
  expect(topFeatures).toHaveLength(7);
  for (const { layer, feature, influence } of topFeatures) {
    await page.fill('#search', `layer:${layer} feature:${feature}`);
    await page.waitForSelector(`.results .node-number >> text="${influence.toFixed(3)}"`);
    await page.press('#search', 'ArrowDown');
    await page.keyboard.press('Enter');
    await page.waitForSelector(`.numbers >> text=${influence.toFixed(3)}, rank `);
  }
  expect(topFeatures.map(({ influence }: { influence: number }) => influence.toFixed(3))).toEqual(
    expect.arrayContaining(['0.236', '0.302']),
  );
});

test('files that are not listed are named below the graphs', async () => {
  const server = await tests.serve({ x: smallFile(), cut: '{"nodes": [' });
  const page = await tests.open(server.urlOf('x'));
  await eventually(async () =>
    expect(await page.locator('[aria-label="Graph"] optgroup option').allTextContents()).toEqual([
      'cut.json: it is damaged',
    ]),
  );
});
