import { ReplacementModel, writeGraphFiles } from '../../../lib';
import { eventually } from '../../support/eventually';
import { modelDir, transcoderDir } from '../../support/fixtures';
import { temporaryFolder } from '../../support/temporary-folder';
import { smallFile } from './support/graphs';
import { PageTests, pinBySearch } from './support/page';

const tests = new PageTests();

test('steer pinned features and groups: chances and continuation, before and after', async () => {
  await using model = await ReplacementModel.load(modelDir('llama'), transcoderDir('llama-plt-relu-skip'));
  const graph = await model.attribute('She counted 12 baskets of salt');
  const directory = temporaryFolder();
  await writeGraphFiles(graph, { slug: 'salt', directory });
  const server = await tests.serve(directory, { model });
  const page = await tests.open(server.urlOf('salt'));
  for (const layer of [0, 1]) {
    await page.fill('#search', `type:feature layer:${layer}`);
    for (const down of [1, 2]) {
      await page.focus('#search');
      for (let i = 0; i < down; i++) await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Enter');
      await page.keyboard.press('p');
    }
  }
  const boxes = page.locator('.box');
  await eventually(async () => expect(await boxes.count()).toBe(4));
  await boxes.nth(0).click({ modifiers: ['Shift'] });
  await boxes.nth(1).click({ modifiers: ['Shift'] });
  await page.keyboard.press('g');
  await page.click('#tab-steer');
  await eventually(async () => expect(await page.locator('.steer-targets li').count()).toBe(3));
  for (const place of [0, 2]) await page.locator('.steer-name input').nth(place).check();
  await page
    .getByLabel(/as a number/)
    .nth(1)
    .fill('-3');
  await page.getByLabel('New tokens').fill('4');
  await page.keyboard.press('Tab');
  const [request] = await Promise.all([page.waitForRequest('**/api/steer'), page.click('.steer-settings .primary')]);
  const body = request.postDataJSON();
  expect(body).toMatchObject({ slug: 'salt', maxNewTokens: 4, freezeAttention: true });
  expect(body.edits.map(({ factor, nodes }: { factor: number; nodes: string[] }) => [factor, nodes.length])).toEqual([
    [0, 1],
    [-3, 2],
  ]);
  await page.waitForSelector('.chances');
  const percents = await page.locator('.chances td').allTextContents();
  expect(percents.some((text) => /^\d+\.\d%$/.test(text))).toBe(true);
  await eventually(async () => expect(await page.locator('.continuation').count()).toBe(2));
});

test('without a model the page says so, and errors of the server are shown', async () => {
  const server = await tests.serve({ x: smallFile() });
  const page = await tests.open(server.urlOf('x'));
  await page.click('#tab-steer');
  await page.waitForSelector('text=Start the server with a model');
  const context = await tests.context();
  await context.route('**/api/status', (route) =>
    route.fulfill({ json: { version: '1', canSave: false, features: false, model: { name: 'tiny', nLayers: 3 } } }),
  );
  const other = await tests.open(server.urlOf('x'), { context });
  await eventually(async () => expect(await other.locator('button:text-is("Save")').count()).toBe(0));
  await pinBySearch(other, 'feature:9');
  await other.click('#tab-steer');
  await other.locator('.steer-name input').check();
  await other.click('text=Run tiny');
  await other.waitForSelector('text=Steering failed. This server was started without a model');
});
