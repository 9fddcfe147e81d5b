import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { CircuitTracerError } from '../errors';
import { checkSlug } from '../graph-file/slug';
import { fileWithin, readWhole } from '../io/file-within';
import { withFileLock, writeFileAtomically } from '../io/files';
import { isObject } from '../is-object';
import type { ConflictAnswer } from './api';
import { type Content, fileContent } from './content';
import { fileProblem } from './file-problem';
import { FileRevisions } from './file-revisions';
import { GraphText } from './graph-text';
import { busy, Problem } from './problem';
import { revisionOf, sameContents } from './revision';
import { Turns } from './turns';
import { withView } from './view-text';

/** Half of what one JavaScript string can hold. */
const largestText = 2 ** 28;
/** As long as the lock of a server that was killed may last, and one save more. */
const longestWait = 30_000;

/** The folder of graph files. */
export class GraphFolder {
  readonly path: string;
  readonly #saves = new Turns();
  readonly #reads = new Turns();
  readonly #revisions = new FileRevisions();

  constructor(path: string) {
    this.path = path;
  }

  async canSave(): Promise<boolean> {
    return access(this.path, constants.W_OK).then(
      () => true,
      () => false,
    );
  }

  /** The file as it is, tagged by its revision. @throws Problem 404 when the folder has no such graph. */
  async content(slug: string): Promise<Content> {
    return fileContent(await this.#pathOf(slug), this.#revisions);
  }

  /**
   * Do something with a graph's text. One graph at a time is in memory.
   *
   * @throws Problem 404 when the folder has no such graph; 422 when it is no JSON object or too large; what `work` throws.
   */
  async withGraph<T>(slug: string, work: (graph: GraphText) => T): Promise<T> {
    const path = await this.#pathOf(slug);
    return this.#reads.run('', async () => work(graphTextOf(await readGraph(path))));
  }

  /**
   * Put a view into a graph's file. What the file held before is kept beside it as `<slug>.json.bak`. Saves of one graph
   * take turns, those of other servers of this folder included.
   *
   * @param revision of the file that the view was made from; null: whatever is there
   * @returns the file's new revision
   * @throws Problem 404; 409 when the file has another revision, with that and its view; 422 when it is no JSON object;
   * 503 when another server takes too long.
   * @throws CircuitTracerError `ERR_FILE_WRITE`
   */
  saveView(slug: string, view: string, revision: string | null): Promise<string> {
    return this.#saves.run(slug, async () => {
      const path = await this.#pathOf(slug);
      return lockedFor(path, () => this.#reads.run('', () => putView(path, view, revision)));
    });
  }

  async #pathOf(slug: string): Promise<string> {
    const path = isSlug(slug) ? await fileWithin(this.path, [`${slug}.json`]) : undefined;
    if (path === undefined) throw new Problem(404, 'ERR_NOT_FOUND', 'There is no graph of this name here.');
    return path;
  }
}

export function isSlug(slug: string): boolean {
  try {
    return checkSlug(slug) === slug;
  } catch {
    return false;
  }
}

async function putView(path: string, view: string, revision: string | null): Promise<string> {
  const bytes = await readGraph(path);
  const current = revisionOf(bytes);
  const graph = graphTextOf(bytes);
  if (revision !== null && !sameContents(revision, current)) throw conflict(current, viewOf(graph));
  const changed = Buffer.from(withView(graph, view));
  if (changed.equals(bytes)) return current;
  await writeFileAtomically(`${path}.bak`, bytes);
  await writeFileAtomically(path, changed);
  return revisionOf(changed);
}

/** While no other server writes to the file. The lock is hidden, and named as what a killed server leaves behind. */
async function lockedFor<T>(path: string, task: () => Promise<T>): Promise<T> {
  const lock = join(dirname(path), `.${path.slice(dirname(path).length + 1)}.lock.tmp`);
  let hasLock = false;
  const locked = () => {
    hasLock = true;
    return task();
  };
  try {
    return await withFileLock(path, locked, longestWait, undefined, lock);
  } catch (error) {
    const waitedInVain = !hasLock && error instanceof CircuitTracerError && error.cause === undefined;
    throw waitedInVain ? busy('Another server is saving this graph.') : error;
  }
}

async function readGraph(path: string): Promise<Buffer> {
  try {
    return await readWhole(path, largestText);
  } catch (error) {
    throw fileProblem(path, error);
  }
}

/** @throws Problem 422 when it is no JSON object. */
export function graphTextOf(bytes: Uint8Array): GraphText {
  try {
    return new GraphText(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw damaged();
  }
}

/** @throws Problem 422 when the member is no JSON. */
export function memberOf(graph: GraphText, name: string): unknown {
  try {
    return graph.value(name);
  } catch {
    throw damaged();
  }
}

function damaged(): Problem {
  return new Problem(422, 'ERR_FILE_FORMAT', "The graph's file is damaged: it is no JSON object.");
}

function viewOf(graph: GraphText): unknown {
  try {
    const view = graph.value('qParams');
    return isObject(view) ? view : {};
  } catch {
    return {};
  }
}

function conflict(revision: string, qParams: unknown): Problem {
  const message = "The graph's file has changed since this view was made from it.";
  const more: Omit<ConflictAnswer, 'error'> = { revision, qParams };
  return new Problem(409, 'ERR_CONFLICT', message, { more });
}
