import { nodeOf } from '../core/graph/graph';
import { titleOf } from '../core/graph/names';
import { change, redo as redone, replace, undo as undone } from '../core/view/history';
import type { View } from '../core/view/view';
import * as views from '../core/view/view';
import { currentView, getState, setState } from './store';

/** Change the view with an undo step. Consecutive steps of one `kind` are undone together. */
export function edit(next: (view: View) => View, kind = ''): void {
  const { history } = getState();
  setState({ history: change(history, next(history.present), kind) });
}

/** Change the view without an undo step. */
function editQuietly(next: (view: View) => View): void {
  const { history } = getState();
  setState({ history: replace(history, next(history.present)) });
}

export function undo(): void {
  const { history } = getState();
  setState({ history: withSelection(undone(history), history.present.selected), marked: [] });
}

export function redo(): void {
  const { history } = getState();
  setState({ history: withSelection(redone(history), history.present.selected), marked: [] });
}

/** Undo restores the arrangement and keeps the selection, unless it no longer exists. */
function withSelection(history: ReturnType<typeof undone<View>>, selected: string) {
  const gone = views.isGroupKey(selected) && !views.groupOfKey(history.present, selected);
  return replace(history, { ...history.present, selected: gone ? '' : selected });
}

/** Select a node or group by key. '' selects nothing. While a path is traced, a node becomes its end. */
export function select(key: string): void {
  const { traceFrom, document } = getState();
  const node = document ? nodeOf(document.loaded.graph, key) : undefined;
  if (traceFrom !== '' && node !== undefined && key !== traceFrom) {
    setState({ traceTo: key, detailTab: 'paths' });
    return;
  }
  if (key !== currentView().selected) editQuietly((view) => views.select(view, key));
}

export function toggleSelection(key: string): void {
  select(key === currentView().selected ? '' : key);
}

/** Pin or unpin a node or the members of a group. */
export function togglePin(key: string): void {
  if (key !== '') edit((view) => views.togglePin(view, key));
}

export function pinAll(ids: readonly string[]): void {
  edit((view) => views.pin(view, ids));
}

export function toggleMark(key: string): void {
  const { marked } = getState();
  setState({ marked: marked.includes(key) ? marked.filter((each) => each !== key) : [...marked, key] });
}

/** Group the marked boxes. */
export function groupMarked(): void {
  const { marked, document } = getState();
  if (!document || marked.length < 2) return;
  const { graph } = document.loaded;
  const view = currentView();
  const labelled = marked.flatMap((key) => nodeOf(graph, views.membersOf(view, key)[0]) ?? []);
  const label = labelled.length > 0 ? titleOf(graph, labelled[0], view.labels) : 'group';
  edit((each) => views.group(each, marked, label));
  setState({ marked: [] });
}

export function ungroup(key: string): void {
  edit((view) => (views.isGroupKey(key) ? views.ungroup(view, key) : views.leaveGroup(view, key)));
}

export function rename(key: string, label: string): void {
  edit((view) => views.rename(view, key, label));
}

export function moveBox(key: string, point: views.Point): void {
  edit((view) => views.move(view, key, point), `move ${key}`);
}

export function toggleErrors(): void {
  edit((view) => ({ ...view, hideErrors: !view.hideErrors }));
}

export function setThreshold(threshold: number): void {
  edit((view) => ({ ...view, threshold }), 'threshold');
}

export function setTopLinks(topLinks: number): void {
  edit((view) => ({ ...view, topLinks }), 'topLinks');
}

export function setMinShare(minShare: number): void {
  edit((view) => ({ ...view, minShare }), 'minShare');
}

export function setLinkType(linkType: views.LinkType): void {
  edit((view) => ({ ...view, linkType }));
}

/** Lay out the subgraph again, and discard dragged positions. */
export function setLayout(layout: views.SubgraphLayout): void {
  edit((view) => ({ ...view, layout, positions: {} }));
}

/** Unpin everything. */
export function clearPins(): void {
  edit((view) => ({
    ...view,
    pins: [],
    groups: [],
    positions: {},
    selected: views.isGroupKey(view.selected) ? '' : view.selected,
  }));
  setState({ marked: [] });
}

/** Start tracing a path at the selected node, or stop tracing. */
export function toggleTrace(): void {
  const { traceFrom } = getState();
  const { selected } = currentView();
  if (traceFrom !== '') setState({ traceFrom: '', traceTo: '' });
  else if (selected !== '' && !views.isGroupKey(selected)) {
    setState({ traceFrom: selected, traceTo: '', detailTab: 'paths' });
  }
}
