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

/** The result of reading a file: a graph or the list of graphs, a graph that cannot be listed, or neither. */
type Found = { readonly entry: GraphEntry & { readonly graphs?: unknown } } | { readonly reason: string } | undefined;

/** Larger files are read up to this size, because all writers of graphs write metadata first. */
const startBytes = 8 * 2 ** 20;

/** The graphs that the page can open: the entries of `graph-metadata.json`, followed by other graph files. */
export class GraphList {
  readonly #folder: GraphFolder;
  /** The results by file name, for one state of each file. Reading the files again each time would take seconds. */
  readonly #read = new Map<string, { readonly state: string; readonly found: Found }>();
  readonly #turns = new Turns();
  /** The problems that have been logged. */
  #told = new Set<string>();

  constructor(folder: GraphFolder) {
    this.#folder = folder;
  }

  /** Other files are omitted. Files that are damaged or cannot be read are reported as problems. */
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

  /** The entries whose files exist. Files that cannot be read are left to the scan of the folder. */
  async #named(slugs: ReadonlySet<string>, problems: ListProblem[]): Promise<Map<string, GraphEntry>> {
    let entries: GraphEntry[] = [];
    const found = await this.#found(graphListFile, async (path) => {
      const value = parseJson((await readWhole(path)).toString('utf8'));
      if (!isObject(value) || !Array.isArray(value.graphs)) throw new SyntaxError('no list');
      return { entry: { slug: '', graphs: value.graphs } };
    });
    if (found && 'reason' in found)
      problems.push({ file: graphListFile, reason: `${found.reason}, so the list is made from the graph files` });
    if (found && 'entry' in found) entries = found.entry.graphs as GraphEntry[];
    const named = new Map<string, GraphEntry>();
    for (const entry of entries) {
      if (!isObject(entry) || typeof entry.slug !== 'string' || !slugs.has(entry.slug)) continue;
      if (await this.#canRead(`${entry.slug}.json`)) named.set(entry.slug, entry as GraphEntry);
    }
    return named;
  }

  /** Permissions can only be determined by trying. */
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

  /** Log each problem once until it is resolved. */
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
  // The URL of a graph has the name of its file, whatever slug the file contains.
  if (isObject(metadata) && (!isWhole || (graph.isList('nodes') && graph.isList('links')))) {
    return { entry: { ...metadata, slug } };
  }
  return isWhole ? undefined : { reason: `it has no metadata within its first ${startBytes / 2 ** 20} MiB` };
}

function isOfSystem(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).syscall !== undefined;
}

function unreadable(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return `it cannot be read (${code === 'EACCES' ? 'permission denied' : message})`;
}
