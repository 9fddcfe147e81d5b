import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { parseGraph } from '../../../lib/frontend/core/graph/parse';
import { layoutLinkGraph } from '../../../lib/frontend/core/layout/layout';
import { margins } from '../../../lib/frontend/draw/link-graph';
import { largeGraph, smallFile } from './support/graphs';
import { boxNames, boxPlaces, PageTests, pinBySearch, selectBySearch } from './support/page';

const tests = new PageTests();

/** Where the page draws a node of a file of which all is shown. */
async function placeOf(page: Page, file: unknown, id: string): Promise<{ x: number; y: number }> {
  const { graph } = parseGraph(file);
  const pane = await page.locator('.link-graph').first().boundingBox();
  if (!pane) throw new Error('no link graph');
  const size = {
    width: pane.width - margins.left - margins.right,
    height: pane.height - margins.top - margins.bottom,
  };
  const { x, y } = layoutLinkGraph(graph, new Uint8Array(graph.n).fill(1), size);
  const node = graph.ids.indexOf(id);
  return { x: pane.x + margins.left + x[node], y: pane.y + margins.top + y[node] };
}

test('hover, click and Ctrl-click in the link graph', async () => {
  const file = smallFile();
  const server = await tests.serve({ x: file });
  const page = await tests.open(server.urlOf('x'));
  const place = await placeOf(page, file, '2_9_1');
  await page.mouse.move(place.x + 3, place.y - 2);
  expect(await page.textContent('.tip strong')).toBe('L2 #9');
  await page.waitForSelector('.detail-title >> text=L2 #9');
  await page.mouse.click(place.x, place.y);
  expect(await page.textContent('.selected-title strong')).toBe('L2 #9');
  const other = await placeOf(page, file, '0_7_1');
  await page.keyboard.down('Control');
  await page.mouse.click(other.x, other.y);
  await page.keyboard.up('Control');
  expect(await boxNames(page)).toEqual(['L0 #7']);
  await page.mouse.click(place.x, place.y);
  await page.waitForSelector('.selected-title', { state: 'detached' });
});

test('boxes: drag, zoom, layouts, group by button and by key, ungroup', async () => {
  const server = await tests.serve({ x: smallFile() });
  const page = await tests.open(server.urlOf('x'));
  await pinBySearch(page, 'feature:7', 'the sea', 'feature:9', 'type:output water');
  const before = await boxPlaces(page);
  const box = await page.locator('.box[aria-label="L2 #9"]').boundingBox();
  if (!box) throw new Error('no box');
  await page.mouse.move(box.x + 20, box.y + 12);
  await page.mouse.down();
  await page.mouse.move(box.x + 60, box.y + 30);
  await page.mouse.move(box.x + 90, box.y + 50);
  await page.mouse.up();
  const after = await boxPlaces(page);
  expect(after['L2 #9']).not.toBe(before['L2 #9']);
  expect(after['L0 #7']).toBe(before['L0 #7']);
  await page.click('text=Tidy');
  expect(await boxPlaces(page)).toEqual(before);
  const viewBox = () => page.getAttribute('.subgraph > svg', 'viewBox');
  const whole = await viewBox();
  await page.click('[aria-label="Zoom in"]');
  expect(await viewBox()).not.toBe(whole);
  await page.click('[aria-label="Show all"]');
  expect(await viewBox()).toBe(whole);
  await page.selectOption('[aria-label="Layout"]', 'force');
  expect(await boxPlaces(page)).not.toEqual(before);
  await page.click('button:text-is("Mark")');
  await page.locator('.box').nth(0).click();
  await page.locator('.box').nth(1).click();
  await page.click('text=Group 2');
  await page.click('button:text-is("Mark")');
  expect(await boxNames(page)).toHaveLength(3);
  await page
    .locator('.box')
    .nth(0)
    .click({ modifiers: ['Shift'] });
  await page
    .locator('.box')
    .nth(2)
    .click({ modifiers: ['Shift'] });
  await page.keyboard.press('g');
  expect(await boxNames(page)).toEqual([expect.any(String), expect.stringContaining('group of 3')]);
  await page.keyboard.press('u');
  expect(await boxNames(page)).toHaveLength(4);
  await page.click('text=Clear');
  expect(await boxNames(page)).toEqual([]);
  await page.keyboard.press('Control+z');
  expect(await boxNames(page)).toHaveLength(4);
});

async function download(page: Page, item: string, place = 0): Promise<Buffer> {
  await page.click('summary:has-text("File")');
  const [file] = await Promise.all([page.waitForEvent('download'), page.locator(`text="${item}"`).nth(place).click()]);
  return readFileSync(await file.path());
}

test('exports: SVG that parses and holds the labels, PNG that isn’t blank, CSV, JSON', async () => {
  const server = await tests.serve({ x: smallFile() });
  const page = await tests.open(server.urlOf('x'));
  await pinBySearch(page, 'feature:7', 'the sea', 'feature:9', 'type:output water');
  await page.keyboard.press('r');
  await page.waitForFunction(() => document.activeElement?.id === 'label');
  await page.keyboard.type('<a & "b">');
  await page.keyboard.press('Enter');
  const texts = async (svg: Buffer) =>
    page.evaluate((source) => {
      const parsed = new DOMParser().parseFromString(source, 'image/svg+xml');
      return [
        parsed.querySelector('parsererror')?.textContent ?? '',
        ...[...parsed.querySelectorAll('text')].map((text) => text.textContent),
      ];
    }, svg.toString());
  const [problem, ...labels] = await texts(await download(page, 'Subgraph as SVG'));
  expect(problem).toBe('');
  expect(labels).toEqual(expect.arrayContaining(['L0 #7', 'the sea', 'L2 #9', '<a & "b">']));
  const graphTexts = await texts(await download(page, 'Picture as SVG'));
  expect(graphTexts).toEqual(expect.arrayContaining(['Emb', 'L0', 'L1', 'L2', 'Out', ' salt']));
  for (const item of ['Picture as PNG', 'Subgraph as PNG']) {
    const png = await download(page, item);
    const colours = await page.evaluate(async (encoded) => {
      const bytes = Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0));
      const bitmap = await createImageBitmap(new Blob([bytes]));
      const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d');
      context?.drawImage(bitmap, 0, 0);
      const data = new Uint32Array(
        context?.getImageData(0, 0, bitmap.width, bitmap.height).data.buffer ?? new ArrayBuffer(0),
      );
      return new Set(data).size;
    }, png.toString('base64'));
    expect(colours).toBeGreaterThan(20);
  }
  const nodes = (await download(page, 'Nodes as CSV')).toString().trimEnd().split('\r\n');
  expect(nodes).toHaveLength(10);
  const file = JSON.parse((await download(page, 'Graph with this view as JSON')).toString());
  expect(file.qParams.pinnedIds).toHaveLength(4);
  expect(file.links).toEqual(smallFile().links);
});

test('a large graph makes few elements, and hovering makes none', async () => {
  const server = await tests.serve({ x: largeGraph(5000, 50_000) });
  const page = await tests.open(server.urlOf('x'));
  const count = () => page.evaluate(() => document.querySelectorAll('*').length);
  const before = await count();
  await selectBySearch(page, 'type:output');
  expect(await count()).toBeLessThan(3000);
  expect(before).toBeLessThan(1000);
  expect(await page.textContent('.link-foot .summary')).toMatch(/more not drawn/);
  await page.fill('#search', '');
  await page.waitForSelector('.results-head >> text="5,000 nodes"');
  expect(await count()).toBeLessThan(3000);
});

test.each([
  ['a telephone', { viewport: { width: 375, height: 700 }, hasTouch: true, isMobile: true }],
  [
    'a telephone in the dark',
    { viewport: { width: 375, height: 700 }, hasTouch: true, isMobile: true, colorScheme: 'dark' as const },
  ],
])('%s: pin by long press, group by touch', async (_, options) => {
  const file = smallFile();
  const server = await tests.serve({ x: file });
  const page = await tests.open(server.urlOf('x'), { context: await tests.context(options) });
  const session = await page.context().newCDPSession(page);
  const touch = async (type: string, points: object[]) =>
    session.send('Input.dispatchTouchEvent', { type: type as 'touchStart', touchPoints: points as never });
  for (const [i, id] of ['0_7_1', '2_9_1'].entries()) {
    const place = await placeOf(page, file, id);
    await touch('touchStart', [place]);
    await page.waitForFunction((count) => document.querySelectorAll('.box').length === count, i + 1);
    await touch('touchEnd', []);
  }
  await page.tap('.pane-tabs >> text=Subgraph');
  expect(await boxNames(page)).toEqual(['L0 #7', 'L2 #9']);
  await page.tap('button:text-is("Mark")');
  await page.tap('.box >> nth=0');
  await page.tap('.box >> nth=1');
  await page.tap('text=Group 2');
  expect(await boxNames(page)).toEqual([expect.stringContaining('group of 2')]);
  for (const pane of ['Graph', 'Connections', 'Subgraph', 'Detail']) {
    await page.tap(`.pane-tabs >> text=${pane}`);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(375);
  }
});

test('200 % zoom: nothing runs out of the window', async () => {
  const server = await tests.serve({ x: smallFile() });
  const context = await tests.context({ viewport: { width: 640, height: 400 }, deviceScaleFactor: 2 });
  const page = await tests.open(server.urlOf('x'), { context });
  expect(
    await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.scrollHeight]),
  ).toEqual([640, 400]);
  const hidden = await page.evaluate(() =>
    [...document.querySelectorAll('.header button, .header select, .header input:not([type=file]), .pane-tabs button')]
      .filter((element) => element.checkVisibility() && !element.closest('details:not([open]) .menu-body'))
      .filter((element) => {
        const { left, right, top, bottom } = element.getBoundingClientRect();
        return left < 0 || top < 0 || right > innerWidth || bottom > innerHeight;
      })
      .map((element) => element.outerHTML),
  );
  expect(hidden).toEqual([]);
});

test('colours follow the system, or the reader’s choice, which is kept', async () => {
  const server = await tests.serve({ x: smallFile() });
  const page = await tests.open(server.urlOf('x'));
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await ground();
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.waitForSelector('html[data-theme=dark]');
  expect(await ground()).not.toBe(light);
  await page.click('[aria-label^="Colours"]');
  expect(await ground()).toBe(light);
  await page.reload();
  await page.waitForSelector('.link-graph[data-drawn]');
  expect(await ground()).toBe(light);
});
