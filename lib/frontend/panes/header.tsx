import { shortened } from '../core/graph/format';
import type { ListedGraph } from '../data/api';
import { redo, undo } from '../state/edit';
import { useSignal, useStore } from '../state/hooks';
import { openSlug, refreshList, reload } from '../state/open';
import { hasChanges, save } from '../state/save';
import { getState, setState } from '../state/store';
import { setTheme, type Theme, theme } from '../state/theme';
import { FileMenu } from './file-menu';
import { SearchBox } from './search-box';
import { Icon } from './widgets/icon';

/** The graph selector, search and commands for the whole page. */
export function Header() {
  const open = useStore((state) => state.document !== null);
  return (
    <header class="header">
      <h1 class="visually-hidden">Attribution graph</h1>
      <GraphSelector />
      {open && <SearchBox />}
      <div class="header-buttons">
        {open && <HistoryButtons />}
        {open && <SaveButton />}
        <FileMenu />
        {open && (
          <button type="button" onClick={() => setState({ dialog: 'compare' })}>
            Compare
          </button>
        )}
        <button type="button" onClick={() => setState({ dialog: 'legend' })}>
          Legend
        </button>
        <ThemeButton />
        <button
          type="button"
          class="quiet"
          aria-label="Keys and gestures"
          title="Keys and gestures (?)"
          onClick={() => setState({ dialog: 'help' })}
        >
          <Icon name="help" />
        </button>
      </div>
    </header>
  );
}

function GraphSelector() {
  const entries = useStore((state) => state.entries);
  const problems = useStore((state) => state.listProblems);
  const document = useStore((state) => state.document);
  const loading = useStore((state) => state.loading);
  const slug = document?.slug ?? '';
  const listed = entries.some((entry) => entry.slug === slug);
  return (
    <div class="graph-selector">
      <select
        aria-label="Graph"
        value={loading || slug}
        onMouseDown={() => void refreshList()}
        onChange={({ currentTarget }) => void openSlug(currentTarget.value)}
      >
        {!listed && <option value={slug}>{document?.title ?? (loading || 'No graph')}</option>}
        {entries.map((entry) => (
          <option key={entry.slug} value={entry.slug}>
            {entryTitle(entry)}
          </option>
        ))}
        {problems.length > 0 && (
          <optgroup label="Not shown">
            {problems.map(({ file, reason }) => (
              <option key={file} disabled>
                {`${file}: ${reason}`}
              </option>
            ))}
          </optgroup>
        )}
      </select>
      {document && (
        <>
          <button
            type="button"
            class="quiet"
            aria-label="Reload the file"
            title="Reload the file"
            onClick={() => void reload()}
          >
            <Icon name="reload" />
          </button>
          <button
            type="button"
            class="quiet"
            aria-label="About this graph"
            title="About this graph"
            onClick={() => setState({ dialog: 'about' })}
          >
            <Icon name="info" />
          </button>
        </>
      )}
    </div>
  );
}

function entryTitle({ titlePrefix, slug, prompt }: ListedGraph): string {
  return shortened(`${titlePrefix && `${titlePrefix} `}${slug} — ${prompt}`, 120);
}

function HistoryButtons() {
  const canUndo = useStore((state) => state.history.past.length > 0);
  const canRedo = useStore((state) => state.history.future.length > 0);
  return (
    <span class="button-group">
      <button type="button" class="quiet" aria-label="Undo" title="Undo (Ctrl Z)" disabled={!canUndo} onClick={undo}>
        <Icon name="undo" />
      </button>
      <button
        type="button"
        class="quiet"
        aria-label="Redo"
        title="Redo (Ctrl Shift Z)"
        disabled={!canRedo}
        onClick={redo}
      >
        <Icon name="redo" />
      </button>
    </span>
  );
}

function SaveButton() {
  const saving = useStore((state) => state.saving);
  const canSave = useStore((state) => state.status?.canSave === true && state.document?.slug !== '');
  const changed = useStore(() => getState().history.present !== undefined && hasChanges());
  if (!canSave) return null;
  const title = saving === 'saving' ? 'Saving…' : changed ? 'Save •' : saving === 'saved' ? 'Saved' : 'Save';
  return (
    <button
      type="button"
      class={changed ? 'primary' : ''}
      disabled={saving === 'saving'}
      title={changed ? 'Save the view into the graph’s file (Ctrl S)' : 'The file has this view'}
      onClick={() => void save()}
    >
      {title}
    </button>
  );
}

const nextTheme: Readonly<Record<Theme, Theme>> = { auto: 'light', light: 'dark', dark: 'auto' };

function ThemeButton() {
  const shown = useSignal(theme);
  const label = `Colours: ${shown === 'auto' ? 'as the system' : shown}`;
  return (
    <button type="button" class="quiet" aria-label={label} title={label} onClick={() => setTheme(nextTheme[shown])}>
      <Icon name={shown} />
    </button>
  );
}
