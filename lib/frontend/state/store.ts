import type { ListProblem, ServerStatus } from '../../server/api';
import { type History, historyOf } from '../core/view/history';
import { emptyView, type View } from '../core/view/view';
import type { ListedGraph } from '../data/api';
import type { LoadedGraph } from '../data/loaded-graph';
import { Signal } from './signal';

/** The graph on the page. */
export interface Document {
  /** Name on the server; '' for a file opened from disk. */
  readonly slug: string;
  readonly title: string;
  readonly file: File | undefined;
  /** `A__vs__B` where the graph has one more output, the difference of two; else ''. */
  readonly logitDiff: string;
  readonly loaded: LoadedGraph;
  /** Of the file as last read or saved. */
  readonly revision: string | null;
  /** The saved view, as text, to tell whether the view has changed since. */
  readonly savedText: string;
}

/** A message above the panes. */
export interface Notice {
  readonly text: string;
  readonly kind: 'info' | 'problem';
  readonly actions?: readonly { readonly title: string; readonly run: () => void }[];
}

export type Dialog = '' | 'help' | 'legend' | 'about' | 'compare';
export type DetailTab = 'feature' | 'paths' | 'steer';

/** The panes in the order of their tabs and keys: the title of the tab, and what the help calls it. */
export const panes = {
  links: { tab: 'Graph', called: 'the link graph' },
  connections: { tab: 'Connections', called: 'the connections' },
  subgraph: { tab: 'Subgraph', called: 'the subgraph' },
  detail: { tab: 'Detail', called: 'the feature' },
} as const;
export type Pane = keyof typeof panes;
export const paneIds = Object.keys(panes) as readonly Pane[];

export interface State {
  /** null: no server but plain files; undefined: not known yet. */
  readonly status: ServerStatus | null | undefined;
  readonly entries: readonly ListedGraph[];
  readonly listProblems: readonly ListProblem[];
  /** Name of the graph being read. */
  readonly loading: string;
  /** Why no graph is shown. */
  readonly problem: string;
  readonly document: Document | null;
  readonly history: History<View>;
  readonly saving: 'no' | 'saving' | 'saved';
  readonly notices: readonly Notice[];
  /** Boxes chosen to be grouped, by key. */
  readonly marked: readonly string[];
  /** Node a path is traced from, by id; '' when none is. */
  readonly traceFrom: string;
  /** Node it is traced to. */
  readonly traceTo: string;
  readonly dialog: Dialog;
  readonly detailTab: DetailTab;
  /** The pane on show where there is room for one. */
  readonly pane: Pane;
  /** The pane that fills the page, where one does. */
  readonly wide: Pane | '';
}

const state = new Signal<State>({
  status: undefined,
  entries: [],
  listProblems: [],
  loading: '',
  problem: '',
  document: null,
  history: historyOf(emptyView),
  saving: 'no',
  notices: [],
  marked: [],
  traceFrom: '',
  traceTo: '',
  dialog: '',
  detailTab: 'feature',
  pane: 'links',
  wide: '',
});

/** Node under the pointer, -1 for none. Apart from the state: it changes with every move of the mouse. */
export const hovered = new Signal(-1);

/** Nodes and links of a path to be emphasised. */
export const emphasised = new Signal<readonly number[]>([]);

export function getState(): State {
  return state.value;
}

export function setState(change: Partial<State>): void {
  state.set({ ...state.value, ...change });
}

export function onState(listener: () => void): () => void {
  return state.subscribe(listener);
}

export function currentView(): View {
  return state.value.history.present;
}
