import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { eventually } from '../../support/eventually';
import { smallParts } from '../../unit/frontend/support/graph-file';
import { smallFile } from './support/graphs';
import { boxNames, boxPlaces, folderOf, PageTests, pinBySearch, selectBySearch } from './support/page';

const tests = new PageTests();
const { nodes } = smallParts();

/** Pins, a group of two, a label, a moved box, a selection and filters. */
async function arrange(page: Page): Promise<void> {
  await pinBySearch(page, 'feature:7', 'the sea', 'feature:9', 'type:output water');
  const boxes = page.locator('.box');
  await boxes.nth(0).click({ modifiers: ['Shift'] });
  await boxes.nth(1).click({ modifiers: ['Shift'] });
  await page.keyboard.press('g');
  await page.keyboard.press('r');
  await page.waitForFunction(() => document.activeElement?.id === 'label');
  await page.keyboard.type('tide');
  await page.keyboard.press('Enter');
  await selectBySearch(page, 'feature:9');
  await page.keyboard.press('r');
  await page.waitForFunction(() => document.activeElement?.id === 'label');
  await page.keyboard.type('big gull');
  await page.keyboard.press('Enter');
  await drag(page, 'big gull', 60, 35);
  await page.locator('input[type=range]').first().fill('0.62');
}

async function drag(page: Page, name: string, x: number, y: number): Promise<void> {
  const box = await page.locator(`.box[aria-label="${name}"]`).boundingBox();
  if (!box) throw new Error(`no box ${name}`);
  const [startX, startY] = [box.x + box.width / 2, box.y + box.height / 2];
  await page.mouse.move(startX, startY);
  await page.mouse.down();
  await page.mouse.move(startX + x / 2, startY + y / 2);
  await page.mouse.move(startX + x, startY + y);
  await page.mouse.up();
}

/** What tells that all of {@link arrange} has been drawn. */
const arranged = { selected: 'big gull', threshold: '0.62', boxes: expect.arrayContaining(['tide, group of 2']) };

/** All that a saved view brings back. */
async function seen(page: Page) {
  await page.mouse.move(5, 5);
  return {
    boxes: (await boxNames(page)).sort(),
    gull: (await boxPlaces(page))['big gull'],
    selected: await page.textContent('.selected-title strong'),
    threshold: await page.textContent('output'),
    summary: await page.textContent('.link-foot .summary'),
  };
}

/** Drawing takes a moment. */
const expectSeen = (page: Page, expected: object) =>
  eventually(async () => {
    const view = await seen(page);
    expect(view).toMatchObject(expected);
    return view;
  });

/** The browser keeps the last change of {@link arrange}, the threshold. */
const draftIsKept = () =>
  new Promise<boolean>((resolve, reject) => {
    const opening = indexedDB.open('attribution-graphs');
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const database = opening.result;
      const reading = database.transaction('drafts').objectStore('drafts').getAll();
      reading.onsuccess = () => {
        database.close();
        resolve(reading.result.some((draft) => draft?.qParams.pruningThreshold === 0.62));
      };
    };
  });

test('save, reload: the same pins, groups, labels, places, selection and filters', async () => {
  const folder = folderOf({ x: smallFile() });
  const server = await tests.serve(folder);
  const page = await tests.open(server.urlOf('x'));
  await arrange(page);
  const before = await expectSeen(page, arranged);
  await page.keyboard.press('Control+s');
  await page.waitForSelector('button:text-is("Saved")');
  const { qParams } = JSON.parse(readFileSync(path.join(folder, 'x.json'), 'utf8'));
  expect(qParams).toMatchObject({ supernodes: [['tide', '0_7_1', '1_2_1']], pruningThreshold: 0.62 });
  await page.reload();
  await page.waitForSelector('.box');
  await expectSeen(page, before);
  // Another browser has nothing but the file.
  const other = await tests.open(server.urlOf('x'));
  await other.waitForSelector('.box');
  await expectSeen(other, before);
});

test('unsaved changes are there again after a reload, and can be given up', async () => {
  const server = await tests.serve({ x: smallFile() });
  const page = await tests.open(server.urlOf('x'));
  await arrange(page);
  const before = await expectSeen(page, arranged);
  await eventually(async () => expect(await page.evaluate(draftIsKept)).toBe(true));
  await page.reload();
  await page.waitForSelector('.box');
  await expectSeen(page, before);
  await page.click('text=Go back to the saved view');
  await page.waitForSelector('.box', { state: 'detached' });
});

test('a copied link shows the view elsewhere', async () => {
  const server = await tests.serve({ x: smallFile() });
  const context = await tests.context({ permissions: ['clipboard-read', 'clipboard-write'] });
  const page = await tests.open(server.urlOf('x'), { context });
  await arrange(page);
  const before = await expectSeen(page, arranged);
  await page.click('summary:has-text("File")');
  await page.click('text=Copy a link to this view');
  await page.waitForSelector('text=The link to this view was copied to the clipboard');
  const address = await page.evaluate(() => navigator.clipboard.readText());
  const other = await tests.open(address);
  await other.waitForSelector('.box');
  await expectSeen(other, before);
});

const { low, middle, high } = nodes;
const groups = JSON.stringify([['tide', low.node_id, middle.node_id]]);

test.each([
  ['of the Python package', JSON.stringify([[high.feature, 'big gull']])],
  ['of Neuronpedia', JSON.stringify([['2_9_1', 'big gull']])],
])('an address %s', async (_, clerps) => {
  const server = await tests.serve({ x: smallFile() });
  const query = new URLSearchParams({
    slug: 'x',
    pinnedIds: [low.node_id, middle.node_id, high.node_id].join(','),
    supernodes: groups,
    clerps,
    clickedId: high.node_id,
    pruningThreshold: '0.62',
  });
  const page = await tests.open(`${server.url}?${query}`);
  await page.waitForSelector('.box');
  await expectSeen(page, { ...arranged, boxes: ['big gull', 'tide, group of 2'] });
});

test('an address with the difference of two outputs', async () => {
  const server = await tests.serve({ x: smallFile() });
  const query = new URLSearchParams({ slug: 'x', logitDiff: ' water__vs__ lake' });
  const page = await tests.open(`${server.url}?${query}`);
  await selectBySearch(page, 'water −');
  await page.waitForSelector('.selected-title >> text=water − lake');
  await page.reload();
  await page.waitForSelector('.selected-title >> text=water − lake');
  await page.goto(`${server.url}?slug=x&logitDiff=a__vs__b`);
  await page.waitForSelector('text=The graph lacks one or both of the outputs a__vs__b');
});

test('a file whose view was saved as text', async () => {
  const qParams = { pinnedIds: `${low.node_id},${middle.node_id}`, supernodes: groups, clerps: '[]', clickedId: null };
  const server = await tests.serve({ x: smallFile({ qParams }) });
  const page = await tests.open(server.urlOf('x'));
  await page.waitForSelector('.box');
  expect(await boxNames(page)).toEqual(['tide, group of 2']);
});

test('Back and Forward go through selections', async () => {
  const server = await tests.serve({ x: smallFile(), y: smallFile() });
  const page = await tests.open(server.urlOf('x'));
  const selected = (title: string) =>
    page.waitForFunction(
      (wanted) => (document.querySelector('.selected-title strong')?.textContent ?? '') === wanted,
      title,
    );
  await selectBySearch(page, 'feature:7');
  await selectBySearch(page, 'feature:9');
  await page.selectOption('[aria-label="Graph"]', 'y');
  await page.waitForFunction(() => location.search === '?slug=y');
  await page.goBack();
  await selected('L2 #9');
  await page.goBack();
  await selected('L0 #7');
  await page.goBack();
  await selected('');
  await page.goForward();
  await selected('L0 #7');
});

test('two tabs do not overwrite each other’s views', async () => {
  const folder = folderOf({ x: smallFile() });
  const server = await tests.serve(folder);
  const first = await tests.open(server.urlOf('x'));
  const second = await tests.open(server.urlOf('x'));
  await pinBySearch(first, 'feature:7');
  await first.keyboard.press('Control+s');
  await first.waitForSelector('button:text-is("Saved")');
  await pinBySearch(second, 'feature:9');
  await second.keyboard.press('Control+s');
  await second.waitForSelector('text=The file was changed elsewhere');
  const saved = () => JSON.parse(readFileSync(path.join(folder, 'x.json'), 'utf8')).qParams.pinnedIds;
  expect(saved()).toEqual([low.node_id]);
  await second.click('text=Overwrite it with my view');
  await second.waitForSelector('button:text-is("Saved")');
  expect(saved()).toEqual([high.node_id]);
  await pinBySearch(first, 'the sea');
  await first.keyboard.press('Control+s');
  await first.click('text=Reload the file and discard');
  await first.waitForFunction(() => document.querySelectorAll('.box').length === 1);
  expect(await boxNames(first)).toEqual(['L2 #9']);
});
