import { readdir, stat } from 'node:fs/promises';
import { fileWithin, readWhole } from '../io/file-within';
import { isObject } from '../io/files';
import { parseJson } from '../io/json';
import { log } from '../log';
import { type GraphFolder, isSlug, parseGraphFile } from './graph-folder';

/** A graph's `metadata`; what else it holds depends on who wrote it. */
export type GraphEntry = { readonly slug: string } & Record<string, unknown>;

/** What the page offers to open: the entries of `graph-metadata.json`, then graphs that it doesn't name. */
export class GraphList {
  readonly #folder: GraphFolder;
  /** By slug, for a state of the file: reading large files again and again would take seconds. */
  readonly #read = new Map<string, { readonly state: string; readonly entry: GraphEntry | undefined }>();

  constructor(folder: GraphFolder) {
    this.#folder = folder;
  }

  /** Files that are damaged, missing or no graphs are left out. */
  async entries(): Promise<GraphEntry[]> {
    const slugs = await this.#slugs();
    const named = new Map(
      (await this.#named()).filter(({ slug }) => slugs.has(slug)).map((entry) => [entry.slug, entry]),
    );
    const others: GraphEntry[] = [];
    for (const slug of [...slugs].filter((slug) => !named.has(slug)).sort()) {
      const entry = await this.#entryOf(slug);
      if (entry) others.push(entry);
    }
    return [...named.values(), ...others];
  }

  async #slugs(): Promise<Set<string>> {
    const names = await readdir(this.#folder.path).catch(() => []);
    return new Set(
      names
        .filter((name) => name.endsWith('.json'))
        .map((name) => name.slice(0, -5))
        .filter(isSlug),
    );
  }

  async #named(): Promise<GraphEntry[]> {
    const path = await fileWithin(this.#folder.path, ['graph-metadata.json']);
    if (path === undefined) return [];
    try {
      const { graphs } = parseJson((await readWhole(path)).toString('utf8')) as { graphs?: unknown };
      return Array.isArray(graphs) ? graphs.filter((entry) => isObject(entry) && typeof entry.slug === 'string') : [];
    } catch {
      log().warn(`${path} is damaged; graphs are listed from their files.`);
      return [];
    }
  }

  async #entryOf(slug: string): Promise<GraphEntry | undefined> {
    const path = await fileWithin(this.#folder.path, [`${slug}.json`]);
    if (path === undefined) return undefined;
    const { mtimeMs, size, ino } = await stat(path);
    const state = `${ino} ${size} ${mtimeMs}`;
    const known = this.#read.get(slug);
    if (known?.state === state) return known.entry;
    const entry = metadataOf(slug, await readWhole(path));
    this.#read.set(slug, { state, entry });
    return entry;
  }
}

function metadataOf(slug: string, bytes: Buffer): GraphEntry | undefined {
  try {
    const { metadata, nodes, links } = parseGraphFile(bytes).file;
    // Its address is its file's name, whatever it calls itself.
    if (isObject(metadata) && Array.isArray(nodes) && Array.isArray(links)) return { ...metadata, slug };
  } catch {
    log().warn(`${slug}.json is damaged and not listed.`);
  }
  return undefined;
}
