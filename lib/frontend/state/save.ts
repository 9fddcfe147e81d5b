import { viewText, writeView } from '../core/view/saved-view';
import { ServerError, saveView } from '../data/api';
import { writeDraft } from '../data/autosave';
import { notify, problemOf } from './notices';
import { openSlug } from './open';
import { currentView, getState, onState, setState } from './store';

export function hasChanges(): boolean {
  const { document } = getState();
  return document !== null && viewText(currentView()) !== document.savedText;
}

/** Save the view into the graph file. Ask if the file was changed by somebody else. */
export async function save(overwrite = false): Promise<void> {
  const { document, status } = getState();
  if (!document) return;
  if (!status?.canSave || document.slug === '') {
    notify({ kind: 'info', text: 'This page cannot write the file. Use Export to download the graph with your view.' });
    return;
  }
  const view = currentView();
  setState({ saving: 'saving' });
  try {
    const revision = await saveView(document.slug, writeView(view), overwrite ? null : document.revision);
    setState({ saving: 'saved', document: { ...document, revision, savedText: viewText(view) } });
    await writeDraft(document.loaded.contentKey, undefined);
  } catch (error) {
    setState({ saving: 'no' });
    if (error instanceof ServerError && error.status === 409) tellOfConflict();
    else notify({ kind: 'problem', text: `The view was not saved. ${problemOf(error)}` });
  }
}

function tellOfConflict(): void {
  notify({
    kind: 'problem',
    text: 'The file was changed elsewhere since you opened it. Nothing has been saved yet.',
    actions: [
      { title: 'Overwrite it with my view', run: () => void save(true) },
      { title: 'Reload the file and discard my changes', run: () => void takeOther() },
    ],
  });
}

/** More than the view may have changed. */
async function takeOther(): Promise<void> {
  const { document } = getState();
  if (!document) return;
  await writeDraft(document.loaded.contentKey, undefined);
  await openSlug(document.slug);
}

const pause = 400;

/** Keep unsaved changes in the browser, shortly after the last change. */
export function startAutosave(): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let kept = getState().history.present;
  onState(() => {
    const { document, history } = getState();
    if (!document || history.present === kept) return;
    kept = history.present;
    if (getState().saving === 'saved') setState({ saving: 'no' });
    clearTimeout(timer);
    timer = setTimeout(() => void keepDraft(), pause);
  });
}

async function keepDraft(): Promise<void> {
  const { document } = getState();
  if (!document) return;
  const draft = hasChanges() ? { qParams: writeView(currentView()), base: document.savedText } : undefined;
  await writeDraft(document.loaded.contentKey, draft);
}
