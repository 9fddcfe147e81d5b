import type { ListProblem, ServerStatus } from '../../server/api';
import { type History, historyOf } from '../core/view/history';
import { emptyView, type View } from '../core/view/view';
import type { ListedGraph } from '../data/api';
import type { LoadedGraph } from '../data/loaded-graph';
import { Signal } from './signal';

/** The graph on the page. */
export interface Document {
  /** The name on the server. '' for a file opened from disk. */
  readonly slug: string;
  readonly title: string;
  readonly file: File | undefined;
  /** `A__vs__B` if the graph has an additional output, the difference of two. Otherwise ''. */
  readonly logitDiff: string;
  readonly loaded: LoadedGraph;
  /** The revision of the file when last read or saved. */
  readonly revision: string | null;
  /** The saved view as text, to detect changes. */
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
  /** null without a server, for plain files. undefined while unknown. */
  readonly status: ServerStatus | null | undefined;
  readonly entries: readonly ListedGraph[];
  readonly listProblems: readonly ListProblem[];
  /** The name of the graph that is loading. */
  readonly loading: string;
  /** The reason why no graph is shown. */
  readonly problem: string;
  readonly document: Document | null;
  readonly history: History<View>;
  readonly saving: 'no' | 'saving' | 'saved';
  readonly notices: readonly Notice[];
  /** The keys of the boxes that are marked for grouping. */
  readonly marked: readonly string[];
  /** The id of the node from which a path is traced. '' if none. */
  readonly traceFrom: string;
  /** The node to which it is traced. */
  readonly traceTo: string;
  readonly dialog: Dialog;
  readonly detailTab: DetailTab;
  /** The visible pane on screens with room for one. */
  readonly pane: Pane;
  /** The maximised pane, if any. */
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

/** The node under the pointer, -1 for none. It is separate from the state because it changes with every mouse move. */
export const hovered = new Signal(-1);

/** The nodes and edges of a path to emphasise. */
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
