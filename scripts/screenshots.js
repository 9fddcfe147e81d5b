#!/usr/bin/env node
/**
 * Takes screenshots of the page for the documentation, with graphs of the bundled model in light and dark, into
 * docs/images: `node scripts/screenshots.js`. Requires Chromium.
 */
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { spawnSync } = require('node:child_process');
const { ReplacementModel } = require('../dist');
const { serve } = require('../dist/server');
const { launchChromium } = require('./chromium');

const root = path.join(__dirname, '..');
const images = path.join(root, 'docs', 'images');
const other = 'Fact: the language of the country containing Osaka is';

async function main() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'page-screenshots-'));
  const run = (...command) => {
    const program = [path.join(root, 'dist', 'cli', 'main.js'), ...command];
    const { status } = spawnSync(process.execPath, program, { stdio: ['ignore', 'ignore', 'inherit'] });
    if (status !== 0) throw new Error(`${command[0]} failed with ${status}`);
  };
  run('demo', '--out', folder);
  run('attribute', '--prompt', other, '--slug', 'other', '--graph-file-dir', folder);
  const model = await ReplacementModel.load('demo');
  const server = await serve({ dataDir: folder, model, port: 0 });
  const browser = await launchChromium();
  try {
    fs.mkdirSync(images, { recursive: true });
    for (const colorScheme of ['light', 'dark']) await picture(browser, server, colorScheme);
  } finally {
    await browser.close();
    await server.close();
    model.dispose();
    fs.rmSync(folder, { recursive: true });
  }
}

async function picture(browser, server, colorScheme) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, colorScheme });
  const page = await context.newPage();
  const shot = (name, target = page) => target.screenshot({ path: path.join(images, `${name}-${colorScheme}.png`) });
  const pane = (id) => page.locator(`[data-pane="${id}"]`);
  await page.goto(server.urlOf('dallas'));
  await page.waitForSelector('.link-graph[data-drawn]');
  const pinned = await page.locator('.box').count();
  if (pinned < 3) await pinStrongest(page);
  await page.fill('#search', 'type:feature');
  await page.press('#search', 'ArrowDown');
  await page.keyboard.press('Enter');
  await page.fill('#search', '');
  await page.keyboard.press('Escape');
  await settle(page);
  await shot('page');
  for (const id of ['links', 'connections', 'subgraph', 'detail']) await shot(id, pane(id));
  await steer(page);
  await page.getByLabel('Maximise Detail').click();
  await shot('steering', pane('detail'));
  await page.getByLabel('Restore Detail').click();
  await page.getByRole('button', { name: 'Compare' }).click();
  await page.selectOption('[aria-label="Other graph"]', 'other');
  await page.waitForSelector('.compare-list .node-row');
  await page.locator('.compare-list .node-row').first().click();
  await settle(page);
  await shot('compare');
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Legend' }).click();
  await shot('legend', page.locator('dialog'));
  await context.close();
}

/** A subgraph for a graph that has none of its own. */
async function pinStrongest(page) {
  for (let down = 1; down <= 6; down++) {
    await page.fill('#search', 'type:feature');
    await page.focus('#search');
    for (let i = 0; i < down; i++) await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.keyboard.press('p');
  }
}

async function steer(page) {
  await page.click('#tab-steer');
  await page.locator('.steer-name', { hasText: 'Texas' }).locator('input').check();
  const factor = page.getByLabel('Factor of Texas, as a number');
  await factor.fill('-1');
  await factor.press('Tab');
  await page.click('.steer-settings .primary');
  await page.waitForSelector('.chances', { timeout: 60_000 });
  await page.mouse.move(5, 5);
  await settle(page);
}

/** Waits until the details and examples of the node under the pointer are on the page. */
async function settle(page) {
  await page.mouse.move(5, 5);
  await page.waitForLoadState('networkidle');
  await page.waitForTimeout(400);
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
