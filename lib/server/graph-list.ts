import { readdir, stat } from 'node:fs/promises';
import { graphListFile } from '../graph-file/schema';
import { fileWithin, openFound, readStart, readWhole } from '../io/file-within';
import { isObject } from '../is-object';
import { parseJson } from '../json';
import { log } from '../log';
import type { GraphEntry, GraphListing, ListProblem } from './api';
import { type GraphFolder, isSlug } from './graph-folder';
import { GraphText } from './graph-text';
import { Turns } from './turns';

/** What a file turned out to be: a graph or the list of graphs, a graph that can't be listed, or none. */
type Found = { readonly entry: GraphEntry & { readonly graphs?: unknown } } | { readonly reason: string } | undefined;

/** Of a larger file no more is read: metadata comes first in what all writers of graphs write. */
const startBytes = 8 * 2 ** 20;

/** What the page offers to open: the entries of `graph-metadata.json`, then graphs that it doesn't name. */
export class GraphList {
  readonly #folder: GraphFolder;
  /** By file name, for a state of the file: reading files again and again would take seconds. */
  readonly #read = new Map<string, { readonly state: string; readonly found: Found }>();
  readonly #turns = new Turns();
  /** What the log has been told. */
  #told = new Set<string>();

  constructor(folder: GraphFolder) {
    this.#folder = folder;
  }

  /** Files that are no graphs are left out; those that are damaged or can't be read are named as problems. */
  entries(): Promise<GraphListing> {
    return this.#turns.run('', () => this.#list());
  }

  async #list(): Promise<GraphListing> {
    const problems: ListProblem[] = [];
    const slugs = await this.#slugs(problems);
    const named = await this.#named(slugs, problems);
    const others: GraphEntry[] = [];
    for (const slug of [...slugs].filter((slug) => !named.has(slug)).sort()) {
      const found = await this.#found(`${slug}.json`, (path, size) => graphIn(slug, path, size));
      if (found && 'entry' in found) others.push(found.entry);
      else if (found) problems.push({ file: `${slug}.json`, reason: found.reason });
    }
    for (const name of this.#read.keys())
      if (!slugs.has(name.slice(0, -5)) && name !== graphListFile) this.#read.delete(name);
    this.#tell(problems);
    return { graphs: [...named.values(), ...others], problems };
  }

  async #slugs(problems: ListProblem[]): Promise<Set<string>> {
    const names = await readdir(this.#folder.path).catch((error) => {
      problems.push({ file: '.', reason: unreadable(error) });
      return [];
    });
    return new Set(
      names
        .filter((name) => name.endsWith('.json'))
        .map((name) => name.slice(0, -5))
        .filter(isSlug),
    );
  }

  /** Entries of files that are here. Those of files that can't be read are left to be found so. */
  async #named(slugs: ReadonlySet<string>, problems: ListProblem[]): Promise<Map<string, GraphEntry>> {
    let entries: GraphEntry[] = [];
    const found = await this.#found(graphListFile, async (path) => {
      const value = parseJson((await readWhole(path)).toString('utf8'));
      if (!isObject(value) || !Array.isArray(value.graphs)) throw new SyntaxError('no list');
      return { entry: { slug: '', graphs: value.graphs } };
    });
    if (found && 'reason' in found)
      problems.push({ file: graphListFile, reason: `${found.reason}; it is made from the files` });
    if (found && 'entry' in found) entries = found.entry.graphs as GraphEntry[];
    const named = new Map<string, GraphEntry>();
    for (const entry of entries) {
      if (!isObject(entry) || typeof entry.slug !== 'string' || !slugs.has(entry.slug)) continue;
      if (await this.#canRead(`${entry.slug}.json`)) named.set(entry.slug, entry as GraphEntry);
    }
    return named;
  }

  /** Only trying tells. */
  async #canRead(name: string): Promise<boolean> {
    const path = await fileWithin(this.#folder.path, [name]);
    const handle = path === undefined ? undefined : await openFound(path).catch(() => undefined);
    await handle?.close();
    return handle !== undefined;
  }

  async #found(name: string, look: (path: string, size: number) => Promise<Found>): Promise<Found> {
    const path = await fileWithin(this.#folder.path, [name]);
    if (path === undefined) return undefined;
    try {
      const { ctimeMs, mtimeMs, size, ino } = await stat(path);
      const state = `${ino} ${size} ${mtimeMs} ${ctimeMs}`;
      const known = this.#read.get(name);
      if (known?.state === state) return known.found;
      const found = await look(path, size).catch((error) => {
        if (isOfSystem(error)) throw error;
        return { reason: 'it is damaged' };
      });
      this.#read.set(name, { state, found });
      return found;
    } catch (error) {
      return { reason: unreadable(error) };
    }
  }

  /** Each problem once, until it is gone. */
  #tell(problems: readonly ListProblem[]): void {
    const texts = problems.map(({ file, reason }) => `${file} is not listed: ${reason}`);
    for (const text of texts) if (!this.#told.has(text)) log().warn(text);
    this.#told = new Set(texts);
  }
}

async function graphIn(slug: string, path: string, size: number): Promise<Found> {
  const isWhole = size <= startBytes;
  const bytes = isWhole ? await readWhole(path) : await readStart(path, startBytes);
  const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: !isWhole });
  const graph = new GraphText(text, isWhole);
  const metadata = graph.value('metadata', { maxMemory: 2 ** 24 });
  // Its address is its file's name, whatever it calls itself.
  if (isObject(metadata) && (!isWhole || (graph.isList('nodes') && graph.isList('links')))) {
    return { entry: { ...metadata, slug } };
  }
  return isWhole ? undefined : { reason: `its metadata is not within its first ${startBytes / 2 ** 20} MiB` };
}

function isOfSystem(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).syscall !== undefined;
}

function unreadable(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return `it can't be read (${code === 'EACCES' ? 'permission denied' : message})`;
}
