import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { eventually } from '../../support/eventually';
import { smallFile } from './support/graphs';
import { boxNames, boxPlaces, folderOf, PageTests, pinBySearch } from './support/page';

const tests = new PageTests();
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

interface Violation {
  id: string;
  impact: string;
  nodes: { html: string; failureSummary: string }[];
}

/** Serious and critical findings. The checker runs outside the page's policy, which forbids it. */
async function findings(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  const violations = await page.evaluate(async () => {
    const { axe: checker } = globalThis as unknown as { axe: { run: () => Promise<{ violations: Violation[] }> } };
    return (await checker.run()).violations;
  });
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html}\n${failureSummary}`));
}

const focused = (page: Page) =>
  page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.id ?? '');

test('a whole session without a mouse', async () => {
  const folder = folderOf({ x: smallFile() });
  const server = await tests.serve(folder);
  const page = await tests.open(server.urlOf('x'));
  const keys = async (...list: string[]) => {
    for (const key of list) await page.keyboard.press(key);
  };
  const find = async (query: string) => {
    await keys('/');
    await page.waitForFunction(() => document.activeElement?.id === 'search');
    await page.keyboard.type(query);
    await keys('ArrowDown', 'Enter');
  };
  for (const query of ['feature:7', 'the sea', 'feature:9']) {
    await find(query);
    await keys('p');
  }
  expect(await boxNames(page)).toEqual(['L0 #7', 'the sea', 'L2 #9']);
  // In the subgraph: mark two boxes and group them.
  await keys('3');
  await page.waitForFunction(() => document.activeElement?.classList.contains('box'));
  await keys('Space', 'Tab', 'Space', 'g');
  expect(await boxNames(page)).toEqual(['L2 #9', expect.stringContaining('group of 2')]);
  // A name with letters that are keys elsewhere.
  await keys('r');
  await page.waitForFunction(() => document.activeElement?.id === 'label');
  await page.keyboard.type('gulls p u');
  await keys('Enter');
  expect(await boxNames(page)).toEqual(['L2 #9', 'gulls p u, group of 2']);
  await keys('Control+z', 'Control+z');
  expect(await boxNames(page)).toEqual(['L0 #7', 'the sea', 'L2 #9']);
  await keys('Control+Shift+z', 'Control+y', 'Control+s');
  await page.waitForSelector('button:text-is("Saved")');
  const { qParams } = JSON.parse(readFileSync(path.join(folder, 'x.json'), 'utf8'));
  expect(qParams.supernodes).toEqual([['gulls p u', '0_7_1', '1_2_1']]);
});

test('a box is moved and unpinned from the keyboard', async () => {
  const server = await tests.serve({ x: smallFile() });
  const page = await tests.open(server.urlOf('x'));
  await pinBySearch(page, 'feature:7', 'feature:9');
  await page.keyboard.press('3');
  await page.waitForFunction(() => document.activeElement?.classList.contains('box'));
  const before = await boxPlaces(page);
  await page.keyboard.press('Shift+ArrowRight');
  await page.keyboard.press('ArrowDown');
  const after = await boxPlaces(page);
  expect(after['L0 #7']).not.toBe(before['L0 #7']);
  expect(after['L2 #9']).toBe(before['L2 #9']);
  await page.keyboard.press('Control+z');
  expect(await boxPlaces(page)).toEqual(before);
  await page.keyboard.press('p');
  expect(await boxNames(page)).toEqual(['L2 #9']);
});

test('arrow keys move between nodes and announce them', async () => {
  const server = await tests.serve({ x: smallFile() });
  const page = await tests.open(server.urlOf('x'));
  await page.keyboard.press('1');
  await page.waitForFunction(() => document.activeElement?.classList.contains('link-graph'));
  const spoken = page.locator('.link-graph [role=status]');
  await page.keyboard.press('ArrowDown');
  expect(await spoken.textContent()).toContain('Output “water”');
  await page.keyboard.press('ArrowLeft');
  expect(await spoken.textContent()).toContain('Output “lake”');
  await page.keyboard.press('ArrowDown');
  expect(await spoken.textContent()).toContain('L2 #9');
  await page.keyboard.press('Enter');
  expect(await page.textContent('.selected-title')).toContain('L2 #9');
  await page.keyboard.press('2');
  await page.waitForFunction(() => document.activeElement?.tagName === 'H3');
  await page.keyboard.press('Tab');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  expect(await page.textContent('.selected-title')).not.toContain('L2 #9');
});

test('the help sheet lists the keys; Escape closes it and the focus comes back', async () => {
  const server = await tests.serve({ x: smallFile() });
  const page = await tests.open(server.urlOf('x'));
  await page.focus('[aria-label="Reload the file"]');
  const before = await focused(page);
  await page.keyboard.press('?');
  await eventually(async () => expect(await page.locator('dialog .keys kbd').count()).toBeGreaterThan(15));
  await page.keyboard.press('Escape');
  await page.waitForSelector('dialog', { state: 'detached' });
  expect(await focused(page)).toBe(before);
});

test('the focus can be seen wherever it goes', async () => {
  const server = await tests.serve({ x: smallFile() });
  const page = await tests.open(server.urlOf('x'));
  await pinBySearch(page, 'feature:7', 'feature:9');
  await page.focus('[aria-label="Graph"]');
  const unseen: string[] = [];
  for (let step = 0; step < 45; step++) {
    await page.keyboard.press('Tab');
    const element = await page.evaluate(() => {
      const { activeElement } = document;
      if (!activeElement || activeElement === document.body) return '';
      const shape = activeElement.querySelector('.box-front') ?? activeElement;
      const { outlineStyle, strokeWidth } = getComputedStyle(shape);
      const seen = outlineStyle !== 'none' || Number.parseFloat(strokeWidth) > 3;
      return seen ? '' : activeElement.outerHTML.slice(0, 120);
    });
    if (element) unseen.push(element);
  }
  expect(unseen).toEqual([]);
});

test.each(['light', 'dark'] as const)(
  'nothing serious for people who read otherwise, in %s colours',
  async (colorScheme) => {
    const server = await tests.serve({ x: smallFile(), y: smallFile() });
    const context = await tests.context({ colorScheme, reducedMotion: 'reduce' });
    const page = await tests.open(server.urlOf('x'), { context });
    expect(await findings(page)).toEqual([]);
    await pinBySearch(page, 'feature:7', 'the sea', 'feature:9', 'type:output water');
    expect(await findings(page)).toEqual([]);
    await page.click('.input-summary summary');
    await page.click('#tab-steer');
    expect(await findings(page)).toEqual([]);
    await page.focus('#search');
    expect(await findings(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await page.click('summary:has-text("File")');
    expect(await findings(page)).toEqual([]);
    for (const button of ['Legend', 'Compare', 'About this graph', 'Keys and gestures']) {
      await page.getByRole('button', { name: button }).click();
      if (button === 'Compare') {
        await page.selectOption('[aria-label="Other graph"]', 'y');
        await page.waitForSelector('.compare-list');
      }
      expect(await findings(page)).toEqual([]);
      await page.keyboard.press('Escape');
    }
  },
);
