import { boxKeys } from '../core/view/view';
import { graphOf } from './derived';
import * as edits from './edit';
import { save } from './save';
import { currentView, getState, hovered, type Pane, paneIds, panes, setState } from './store';
import { lookAtSelection } from './use-looked-at';

/** A key and its command, as listed in the help. */
export interface KeyAction {
  readonly keys: string;
  readonly title: string;
  readonly run: () => void;
}

const paneActions = paneIds.map((pane, i): [string, KeyAction] => {
  const keys = String(i + 1);
  return [keys, { keys, title: `Go to ${panes[pane].called}`, run: () => goTo(pane) }];
});

/** Shortcuts by the result of `keyName` for an event. */
export const keyActions: Readonly<Record<string, KeyAction>> = {
  '/': { keys: '/', title: 'Search for nodes', run: () => focusOn('#search') },
  ...Object.fromEntries(paneActions),
  p: {
    keys: 'P',
    title: 'Pin or unpin the node that is under the pointer, focused or selected',
    run: () => edits.togglePin(pointedAt()),
  },
  m: { keys: 'M', title: 'Mark the selected box for grouping', run: markSelected },
  g: { keys: 'G', title: 'Group the marked boxes', run: edits.groupMarked },
  u: {
    keys: 'U',
    title: 'Ungroup, or remove the node from its group',
    run: () => edits.ungroup(currentView().selected),
  },
  r: { keys: 'R', title: 'Rename or label the selection', run: renameSelection },
  t: { keys: 'T', title: 'Trace paths from the selected node to the next selected node', run: edits.toggleTrace },
  e: { keys: 'E', title: 'Hide or show errors', run: edits.toggleErrors },
  '[': { keys: '[', title: 'Show fewer nodes', run: () => stepThreshold(-0.02) },
  ']': { keys: ']', title: 'Show more nodes', run: () => stepThreshold(0.02) },
  f: { keys: 'F', title: 'Maximise or restore the focused pane', run: toggleWide },
  '?': { keys: '?', title: 'Show this help', run: () => setState({ dialog: 'help' }) },
  Escape: { keys: 'Esc', title: 'Close, stop tracing, clear marks, or clear the selection', run: leave },
  'mod+z': { keys: 'Ctrl Z', title: 'Undo', run: edits.undo },
  'mod+shift+z': { keys: 'Ctrl Shift Z', title: 'Redo', run: edits.redo },
  'mod+y': { keys: 'Ctrl Y', title: 'Redo', run: edits.redo },
  'mod+s': { keys: 'Ctrl S', title: 'Save the view', run: () => void save() },
};

export function listenToKeys(): void {
  addEventListener('keydown', (event) => {
    if (event.defaultPrevented) return;
    const name = keyName(event);
    if (isTyping(event.target) && !(name === 'mod+s')) return;
    if (document.querySelector('dialog[open]')) return;
    const action = keyActions[name];
    if (!action) return;
    event.preventDefault();
    action.run();
  });
}

function keyName({ key, ctrlKey, metaKey, shiftKey, altKey }: KeyboardEvent): string {
  if (altKey) return '';
  const plain = key.length === 1 ? key.toLowerCase() : key;
  if (ctrlKey || metaKey) return shiftKey ? `mod+shift+${plain}` : `mod+${plain}`;
  return plain;
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) return !['checkbox', 'radio', 'button', 'range'].includes(target.type);
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement || target.isContentEditable;
}

function focusOn(selector: string): void {
  const element = document.querySelector<HTMLInputElement>(selector);
  if (!element) return;
  const pane = element.closest<HTMLElement>('[data-pane]')?.dataset.pane as Pane | undefined;
  if (pane) setState({ pane, ...(getState().wide !== '' && { wide: pane }) });
  requestAnimationFrame(() => {
    element.focus();
    element.select();
  });
}

function renameSelection(): void {
  if (currentView().selected === '') return;
  lookAtSelection();
  setState({ detailTab: 'feature', pane: 'detail', ...(getState().wide !== '' && { wide: 'detail' }) });
  requestAnimationFrame(() => focusOn('#label'));
}

/** Show a pane and move the focus into it. */
function goTo(pane: Pane): void {
  setState({ pane, ...(getState().wide !== '' && { wide: pane }) });
  requestAnimationFrame(() => document.querySelector<HTMLElement>(`[data-pane="${pane}"] [data-entry]`)?.focus());
}

function toggleWide(): void {
  const focused = document.activeElement?.closest<HTMLElement>('[data-pane]')?.dataset.pane;
  const pane = paneIds.find((id) => id === focused) ?? 'links';
  setState({ wide: getState().wide === '' ? pane : '', pane });
}

/** The key of the node or group that shortcuts act on: under the pointer or focused, otherwise selected. */
function pointedAt(): string {
  const graph = graphOf(getState());
  const { value: node } = hovered;
  if (graph && node >= 0) return graph.ids[node];
  return document.activeElement?.closest<SVGElement>('.box')?.dataset.key ?? currentView().selected;
}

function markSelected(): void {
  const { selected } = currentView();
  if (boxKeys(currentView()).includes(selected)) edits.toggleMark(selected);
}

function stepThreshold(step: number): void {
  const most = Math.ceil(100 * (graphOf(getState())?.keptInfluence ?? 1)) / 100;
  const next = Math.round((Math.min(most, currentView().threshold) + step) * 100) / 100;
  edits.setThreshold(Math.min(most, Math.max(0, next)));
}

function leave(): void {
  const { traceFrom, marked, wide } = getState();
  if (traceFrom !== '') setState({ traceFrom: '', traceTo: '' });
  else if (marked.length > 0) setState({ marked: [] });
  else if (wide !== '') setState({ wide: '' });
  else edits.select('');
}
