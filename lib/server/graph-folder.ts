import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { checkSlug } from '../graph/slug';
import { fileWithin, readWhole } from '../io/file-within';
import { isObject, writeFileAtomically } from '../io/files';
import { parseJson } from '../io/json';
import { Problem } from './problem';
import { revisionOf, sameContents } from './revision';
import { Turns } from './turns';
import { withView } from './view-text';

/** A graph's file at one moment. */
export interface GraphFile {
  readonly path: string;
  readonly bytes: Buffer;
  readonly revision: string;
}

/** The folder of graph files. */
export class GraphFolder {
  readonly path: string;
  readonly #saves = new Turns();

  constructor(path: string) {
    this.path = path;
  }

  async canSave(): Promise<boolean> {
    return access(this.path, constants.W_OK).then(
      () => true,
      () => false,
    );
  }

  /** @throws Problem 404 when the folder has no such graph. */
  async read(slug: string): Promise<GraphFile> {
    const path = isSlug(slug) ? await fileWithin(this.path, [`${slug}.json`]) : undefined;
    if (path === undefined) throw new Problem(404, 'ERR_NOT_FOUND', 'There is no graph of this name here.');
    const bytes = await readWhole(path);
    return { path, bytes, revision: revisionOf(bytes) };
  }

  /**
   * Put a view into a graph's file. What the file held before is kept beside it as `<slug>.json.bak`. Saves of one graph
   * take turns.
   *
   * @param revision of the file that the view was made from; null: whatever is there
   * @returns the file's new revision
   * @throws Problem 404; 409 when the file has another revision, with that and its view; 422 when it is no JSON object.
   * @throws CircuitTracerError `ERR_FILE_WRITE`
   */
  saveView(slug: string, view: string, revision: string | null): Promise<string> {
    return this.#saves.run(slug, async () => {
      const { path, bytes, revision: current } = await this.read(slug);
      const { text, file } = parseGraphFile(bytes);
      if (revision !== null && !sameContents(revision, current)) throw conflict(current, file.qParams);
      const changed = Buffer.from(withView(text, view));
      if (changed.equals(bytes)) return current;
      await writeFileAtomically(`${path}.bak`, bytes);
      await writeFileAtomically(path, changed);
      return revisionOf(changed);
    });
  }
}

export function isSlug(slug: string): boolean {
  try {
    return checkSlug(slug) === slug;
  } catch {
    return false;
  }
}

/** @throws Problem 422 when it is no JSON object. */
export function parseGraphFile(bytes: Buffer): { readonly text: string; readonly file: Record<string, unknown> } {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    const file: unknown = parseJson(text);
    if (isObject(file)) return { text, file };
  } catch {
    // Told below.
  }
  throw new Problem(422, 'ERR_FILE_FORMAT', "The graph's file is damaged: it is no JSON object.");
}

function conflict(revision: string, qParams: unknown): Problem {
  const message = "The graph's file has changed since this view was made from it.";
  return new Problem(409, 'ERR_CONFLICT', message, { more: { revision, qParams: isObject(qParams) ? qParams : {} } });
}
