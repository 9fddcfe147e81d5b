import type { Page, Route } from 'playwright-core';
import { eventually } from '../../support/eventually';
import { temporaryFolder } from '../../support/temporary-folder';
import { smallFile } from './support/graphs';
import { PageTests, selectBySearch } from './support/page';

const tests = new PageTests();

const featureOf = (name: string) => ({
  index: 1,
  examples_quantiles: [
    {
      quantile_name: 'Top activations',
      examples: Array.from({ length: 7 }, (_, i) => ({
        tokens: [name, ' <i>salt</i>', '\n'],
        tokens_acts_list: [0, 2 - i / 10, 0],
        train_token_ind: 1,
      })),
    },
  ],
  top_logits: [`${name} up`],
  bottom_logits: [`${name} down`],
  act_min: 0,
  act_max: 2,
  histogram: [9, 4, 1],
  quantile_values: [0.5, 1, 1.5, 2],
  activation_frequency: 0.0123,
});

const json = (route: Route, status: number, body: unknown) =>
  route.fulfill({ status, contentType: 'application/json', body: JSON.stringify(body) });

/** The page with a source of features that answers as told, by layer. */
async function open(answers: Record<number, (route: Route) => Promise<void>>): Promise<Page> {
  const server = await tests.serve({ x: smallFile() }, { featuresDir: temporaryFolder() });
  const context = await tests.context();
  await context.route('**/api/features/**', (route) => {
    const [, layer] = /features\/(\d+)\//.exec(route.request().url()) ?? [];
    return answers[Number(layer)](route);
  });
  return tests.open(server.urlOf('x'), { context });
}

test('logits, histogram with a marker, frequency and examples', async () => {
  const page = await open({ 2: (route) => json(route, 200, featureOf('gull')) });
  await selectBySearch(page, 'feature:9');
  await page.waitForSelector('.feature-info');
  const text = await page.textContent('.feature-info');
  for (const part of ['1.23% of tokens', 'gull up', 'gull down', 'Top activations', 'activation 1.5'])
    expect(text).toContain(part);
  await eventually(async () => expect(await page.locator('.histogram .marker').count()).toBe(1));
  await eventually(async () => expect(await page.locator('.example').count()).toBe(5));
  await page.click('text=2 more');
  await eventually(async () => expect(await page.locator('.example').count()).toBe(7));
  expect(await page.locator('.example mark').first().textContent()).toBe(' <i>salt</i>');
});

test('nothing known, a failure with another try, an answer that makes no sense', async () => {
  let asked = 0;
  const page = await open({
    0: (route) => json(route, 404, { error: { code: 'ERR_NO_FEATURE', message: 'no' } }),
    1: (route) =>
      asked++ === 0
        ? json(route, 500, { error: { code: 'X', message: 'The disk is full.' } })
        : json(route, 200, featureOf('sea')),
    2: (route) => json(route, 200, { odd: true }),
  });
  await selectBySearch(page, 'feature:7');
  await page.waitForSelector('text=There are no examples of this feature');
  await selectBySearch(page, 'feature:9');
  await page.waitForSelector('text=The response is not a feature');
  await selectBySearch(page, 'the sea');
  await page.waitForSelector('text=The disk is full.');
  await page.click('text=Try again');
  await page.waitForSelector('text=sea up');
});

test('a slow answer never shows under another node', async () => {
  let letGo = () => {};
  const held = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  let answered = held;
  const page = await open({
    0: (route) => {
      // The page may have given it up.
      answered = held.then(() => json(route, 200, featureOf('slow'))).catch(() => {});
      return answered;
    },
    2: (route) => json(route, 200, featureOf('quick')),
    1: (route) => json(route, 200, featureOf('sea')),
  });
  await selectBySearch(page, 'feature:7');
  await page.waitForSelector('text=Reading examples');
  await selectBySearch(page, 'feature:9');
  await page.waitForSelector('text=quick up');
  letGo();
  await answered;
  // What is asked for later arrives later.
  await page.evaluate(async () => {
    await fetch('api/features/1/1');
    await new Promise(requestAnimationFrame);
  });
  expect(await page.textContent('.detail-body')).not.toContain('slow');
});

test('a server without features says so', async () => {
  const server = await tests.serve({ x: smallFile() });
  const page = await tests.open(server.urlOf('x'));
  await selectBySearch(page, 'feature:9');
  await page.waitForSelector('text=No feature examples are available');
});
