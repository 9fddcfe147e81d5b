import { type Json, record } from '../../graph-file/json-values';
import { type PageSelection, selectionFromGraphFile, selectionFromUrl } from '../../graph-file/selection';
import { readJsonFile } from '../../io/files';

/** What a reader picked on a page, and the graph file it is saved in; a URL has none. */
export interface PageArgument {
  readonly selection: PageSelection;
  readonly file: Json | undefined;
}

/** @param page URL of a graph's page, the part after its `?` alone, or a graph file */
export async function selectionOf(page: string): Promise<PageArgument> {
  if (/^[?#]|^\w+:\/\/|[?&](supernodes|pinnedIds|clerps)=/.test(page)) {
    return { selection: selectionFromUrl(page), file: undefined };
  }
  const file = await readJsonFile(page);
  return { selection: selectionFromGraphFile(file), file: record(file) };
}
