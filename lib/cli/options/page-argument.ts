import { type Json, record } from '../../graph-file/json-values';
import { type PageSelection, selectionFromGraphFile, selectionFromUrl } from '../../graph-file/selection';
import { readJsonFile } from '../../io/files';

/** A reader's selection on a page, and the graph file that contains it. A URL has no file. */
export interface PageArgument {
  readonly selection: PageSelection;
  readonly file: Json | undefined;
}

/** @param page the URL of a graph's page, only the part after its `?`, or a graph file */
export async function readPageArgument(page: string): Promise<PageArgument> {
  if (/^[?#]|^\w+:\/\/|[?&](supernodes|pinnedIds|clerps)=/.test(page)) {
    return { selection: selectionFromUrl(page), file: undefined };
  }
  const file = await readJsonFile(page);
  return { selection: selectionFromGraphFile(file), file: record(file) };
}
