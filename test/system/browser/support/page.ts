import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import type { ReplacementModel } from '../../../../lib';
import { type GraphServer, serve } from '../../../../lib/server';
import { wholeFileNeeds } from '../../../support/needs';
import { temporaryFolder } from '../../../support/temporary-folder';

const { launchChromium } = require('../../../../scripts/chromium') as { launchChromium: () => Promise<Browser> };

// This file is part of every test of the page.
wholeFileNeeds('chromium');

export interface StartOptions {
  readonly model?: ReplacementModel;
  readonly featuresDir?: string;
}

/** Serve the page as it is built, with the graphs of a folder. */
export function startPage(dataDir: string, options: StartOptions = {}): Promise<GraphServer> {
  return serve({ dataDir, port: 0, ...options });
}

/** A folder with the given graph files, which may be text that is none. */
export function folderOf(files: Readonly<Record<string, unknown>>): string {
  const folder = temporaryFolder();
  mkdirSync(folder, { recursive: true });
  for (const [slug, file] of Object.entries(files)) {
    writeFileSync(path.join(folder, `${slug}.json`), typeof file === 'string' ? file : JSON.stringify(file));
  }
  return folder;
}

/** Milliseconds to wait for what the page is to show: on a busy machine it may take long. */
const patience = 120_000;

/** One browser for a test file, and what its pages did that they should not have. */
export class PageTests {
  #browser: Browser | undefined;
  readonly #servers: GraphServer[] = [];
  readonly #contexts: BrowserContext[] = [];
  readonly #faults: string[] = [];

  constructor() {
    beforeAll(async () => {
      this.#browser = await launchChromium();
    });
    afterEach(async () => {
      for (const context of this.#contexts.splice(0)) await context.close();
      expect(this.#faults.splice(0)).toEqual([]);
    });
    afterAll(async () => {
      await this.#browser?.close();
      for (const server of this.#servers) await server.close();
    });
  }

  async serve(files: Readonly<Record<string, unknown>> | string, options?: StartOptions): Promise<GraphServer> {
    const server = await startPage(typeof files === 'string' ? files : folderOf(files), options);
    this.#servers.push(server);
    return server;
  }

  async context(options: BrowserContextOptions = {}): Promise<BrowserContext> {
    if (!this.#browser) throw new Error('The browser has not started.');
    const context = await this.#browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
    context.setDefaultTimeout(patience);
    this.#contexts.push(context);
    return context;
  }

  /** Open the page; waits until the graph is drawn, unless told that it won't be. */
  async open(address: string, { context, drawn = true }: { context?: BrowserContext; drawn?: boolean } = {}) {
    const page = await (context ?? (await this.context())).newPage();
    this.#watch(page, new URL(address).origin);
    await page.goto(address);
    if (drawn) await page.waitForSelector('.link-graph[data-drawn]');
    return page;
  }

  /** Errors, refused scripts and styles, and any request to somewhere else. */
  #watch(page: Page, origin: string): void {
    page.on('pageerror', (error) => this.#faults.push(`error: ${error.message}`));
    page.on('console', (message) => {
      if (message.type() !== 'error' || message.text().includes('the server responded with a status of')) return;
      this.#faults.push(`console: ${message.text()}`);
    });
    page.on('request', (request) => {
      const url = new URL(request.url());
      if (url.origin !== origin && !['blob:', 'data:'].includes(url.protocol))
        this.#faults.push(`asks ${request.url()}`);
    });
  }
}

/** Find a node by search and select it. */
export async function selectBySearch(page: Page, query: string): Promise<void> {
  await page.fill('#search', query);
  await page.press('#search', 'ArrowDown');
  await page.keyboard.press('Enter');
}

export async function pinBySearch(page: Page, ...queries: readonly string[]): Promise<void> {
  for (const query of queries) {
    await selectBySearch(page, query);
    await page.keyboard.press('p');
  }
}

export const boxNames = (page: Page) =>
  page.locator('.box').evaluateAll((all) => all.map((box) => box.getAttribute('aria-label')));

/** Where boxes are drawn, by name. */
export const boxPlaces = (page: Page) =>
  page
    .locator('.box')
    .evaluateAll((all) =>
      Object.fromEntries(all.map((box) => [box.getAttribute('aria-label'), box.getAttribute('transform')])),
    );
