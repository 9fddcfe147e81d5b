import { createStore, get, set, type UseStore } from 'idb-keyval';

/** A view that the browser stores until it is saved. */
export interface Draft {
  readonly qParams: Readonly<Record<string, unknown>>;
  /** The saved view that it started from, as text, to detect whether the file has been saved elsewhere. */
  readonly base: string;
}

let store: UseStore | undefined;

function drafts(): UseStore {
  store ??= createStore('attribution-graphs', 'drafts');
  return store;
}

/** Open the store before it is first needed. */
export function warmDrafts(): void {
  void readDraft('');
}

/** The draft of a graph. Undefined if the browser has none. */
export async function readDraft(contentKey: string): Promise<Draft | undefined> {
  try {
    return await get<Draft>(contentKey, drafts());
  } catch {
    return undefined;
  }
}

/** @returns whether it was stored */
export async function writeDraft(contentKey: string, draft: Draft | undefined): Promise<boolean> {
  try {
    await set(contentKey, draft, drafts());
    return true;
  } catch {
    return false;
  }
}
