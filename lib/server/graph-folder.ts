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

/** Half the maximum length of a JavaScript string. */
const maxTextBytes = 2 ** 28;
/** How long the lock of a killed server may last, plus the time for one save. */
const maxWaitMs = 30_000;

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

  /**
   * The content of a graph file, tagged by its revision.
   *
   * @throws Problem 404 when the folder does not have the graph.
   */
  async content(slug: string): Promise<Content> {
    return fileContent(await this.#pathOf(slug), this.#revisions);
  }

  /**
   * Run work on the text of a graph. Only one graph is in memory at a time.
   *
   * @throws Problem 404 when the folder does not have the graph; 422 when it is not a JSON object or too large; errors
   * of `work`.
   */
  async withGraph<T>(slug: string, work: (graph: GraphText) => T): Promise<T> {
    const path = await this.#pathOf(slug);
    return this.#reads.run('', async () => work(graphTextOf(await readGraph(path))));
  }

  /**
   * Save a view in a graph file. The previous content is kept beside it as `<slug>.json.bak`. Saves of one graph run
   * one at a time, including those of other servers of this folder.
   *
   * @param revision the revision of the file that the view is based on; null to overwrite any
   * @returns the file's new revision
   * @throws Problem 404; 409 when the file has another revision, with this revision and its view; 422 when the file is
   * not a JSON object; 503 when another server takes too long.
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
    if (path === undefined) throw new Problem(404, 'ERR_NOT_FOUND', 'This graph does not exist.');
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
  if (revision !== null && !sameContents(revision, current)) throw conflict(current, parseView(graph));
  const changed = Buffer.from(withView(graph, view));
  if (changed.equals(bytes)) return current;
  await writeFileAtomically(`${path}.bak`, bytes);
  await writeFileAtomically(path, changed);
  return revisionOf(changed);
}

/**
 * Run a task while no other server writes to the file. The lock is a hidden folder with the name of a temporary file,
 * so that the lock of a killed server is cleaned up.
 */
async function lockedFor<T>(path: string, task: () => Promise<T>): Promise<T> {
  const lock = join(dirname(path), `.${path.slice(dirname(path).length + 1)}.lock.tmp`);
  let hasLock = false;
  const locked = () => {
    hasLock = true;
    return task();
  };
  try {
    return await withFileLock(path, locked, maxWaitMs, undefined, lock);
  } catch (error) {
    const timedOut = !hasLock && error instanceof CircuitTracerError && error.cause === undefined;
    throw timedOut ? busy('Another server is saving this graph.') : error;
  }
}

async function readGraph(path: string): Promise<Buffer> {
  try {
    return await readWhole(path, maxTextBytes);
  } catch (error) {
    throw fileProblem(path, error);
  }
}

/** @throws Problem 422 when the file is not a JSON object. */
export function graphTextOf(bytes: Uint8Array): GraphText {
  try {
    return new GraphText(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw damaged();
  }
}

/** @throws Problem 422 when the member is not JSON. */
export function memberOf(graph: GraphText, name: string): unknown {
  try {
    return graph.value(name);
  } catch {
    throw damaged();
  }
}

function damaged(): Problem {
  return new Problem(422, 'ERR_FILE_FORMAT', 'The graph file is damaged: it is not a JSON object.');
}

function parseView(graph: GraphText): unknown {
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
