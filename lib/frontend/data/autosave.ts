import { createStore, get, set, type UseStore } from 'idb-keyval';

/** A view kept in the browser until it is saved. */
export interface Draft {
  readonly qParams: Readonly<Record<string, unknown>>;
  /** Of the saved view it began from, as text: tells whether the file was saved elsewhere since. */
  readonly base: string;
}

let store: UseStore | undefined;

function drafts(): UseStore {
  store ??= createStore('attribution-graphs', 'drafts');
  return store;
}

/** Open the store ahead of the first question. */
export function warmDrafts(): void {
  void readDraft('');
}

/** The draft of a graph; none where the browser keeps none. */
export async function readDraft(contentKey: string): Promise<Draft | undefined> {
  try {
    return await get<Draft>(contentKey, drafts());
  } catch {
    return undefined;
  }
}

/** @returns whether it is kept */
export async function writeDraft(contentKey: string, draft: Draft | undefined): Promise<boolean> {
  try {
    await set(contentKey, draft, drafts());
    return true;
  } catch {
    return false;
  }
}
