import type { Json } from '../../graph-file/json-values';
import { historyOf } from '../core/view/history';
import { readView, viewText, writeView } from '../core/view/saved-view';
import { readAddress, selectionAddress } from '../core/view/url';
import { emptyView, type View } from '../core/view/view';
import { fetchGraphList, fetchStatus } from '../data/api';
import { type Draft, readDraft, warmDrafts } from '../data/autosave';
import { graphUrl, type LoadSource, loadGraph } from '../data/load';
import type { LoadedGraph } from '../data/loaded-graph';
import { notify, problemOf } from './notices';
import { currentView, type Document, emphasised, getState, hovered, setState } from './store';

/** Open the graph that the URL names, or the first of the list. */
export async function openFromAddress(): Promise<void> {
  warmDrafts();
  const address = await readAddress(new URL(location.href));
  const list = refreshList();
  void fetchStatus().then((status) => setState({ status }));
  if (address.slug !== '') return openSlug(address.slug, address.params, address.logitDiff);
  const listProblem = await list;
  const [first] = getState().entries;
  if (first) return openSlug(first.slug, address.params);
  setState({ problem: listProblem || noGraphs() });
}

function noGraphs(): string {
  const told = getState().listProblems.map(({ file, reason }) => `${file === '.' ? 'The folder' : file}: ${reason}.`);
  return ['There are no graphs here yet.', ...told.slice(0, maxReported)].join(' ');
}

const maxReported = 5;

/**
 * Read the list of graphs again. If that fails, a graph can still be shown.
 *
 * @returns the reason why it cannot be read, or ''
 */
export async function refreshList(): Promise<string> {
  try {
    setState(await fetchGraphList());
    return '';
  } catch (error) {
    setState({ entries: [], listProblems: [] });
    return `The list of graphs cannot be read. ${problemOf(error)}`;
  }
}

export async function openSlug(slug: string, params: Json = {}, logitDiff = ''): Promise<void> {
  await open({ url: graphUrl(slug) }, { slug, title: slug, file: undefined, logitDiff }, params);
}

/** Open a graph file from the reader's disk. Nothing leaves the browser. */
export async function openFile(file: File): Promise<void> {
  await open({ file }, { slug: '', title: file.name, file, logitDiff: '' }, {});
}

/** Read the graph again, because the file may have changed. The view is kept. */
export async function reload(): Promise<void> {
  const { document } = getState();
  if (!document) return;
  const kept = writeView(currentView());
  const { slug, file } = document;
  await open(file ? { file } : { url: graphUrl(slug) }, document, kept);
}

let opening = 0;

async function open(source: LoadSource, origin: Origin, params: Json): Promise<void> {
  const { slug, title, file, logitDiff } = origin;
  const turn = ++opening;
  setState({ loading: title, problem: '', notices: [] });
  try {
    const loaded = await loadGraph(source, logitDiff);
    const draft = await readDraft(loaded.contentKey);
    if (turn === opening) show(loaded, { slug, title, file, logitDiff }, params, draft);
  } catch (error) {
    if (turn === opening) tellProblem(`${title}: ${problemOf(error)}`);
  }
}

/** The graph on the page stays. */
function tellProblem(text: string): void {
  if (getState().document) {
    setState({ loading: '' });
    notify({ kind: 'problem', text });
  } else setState({ loading: '', problem: text });
}

type Origin = Pick<Document, 'slug' | 'title' | 'file' | 'logitDiff'>;

/**
 * Views in ascending precedence: the page's defaults, the file's saved view, unsaved changes, the URL. By default, all
 * nodes of the file are visible.
 */
function show(loaded: LoadedGraph, origin: Origin, params: Json, draft: Draft | undefined): void {
  const { graph, metadata, warnings } = loaded;
  const saved = readView(graph, loaded.qParams, { ...emptyView, threshold: graph.keptInfluence });
  const savedText = viewText(saved.view);
  const current = draft?.base === savedText;
  const drafted = draft && current ? readView(graph, draft.qParams, saved.view) : saved;
  const asked = readView(graph, params, drafted.view);
  const document: Document = { ...origin, loaded, revision: loaded.revision, savedText };
  const prompt = typeof metadata.prompt === 'string' ? metadata.prompt : origin.title;
  globalThis.document.title = `${prompt} – attribution graph`;
  hovered.set(-1);
  emphasised.set([]);
  const asking = new URL(location.href).searchParams.get('slug') ?? '';
  if (asking === '' || asking === origin.slug) settleAddress(origin, asked.view);
  setState({
    document,
    history: historyOf(asked.view),
    loading: '',
    marked: [],
    traceFrom: '',
    traceTo: '',
    saving: 'no',
  });
  tellWhatWasOdd(warnings, [...saved.lost, ...asked.lost]);
  if (draft && !current) offerDraft(document, draft);
  else if (draft) offerSaved(saved.view);
}

function tellWhatWasOdd(warnings: readonly string[], lost: readonly string[]): void {
  const all = [...warnings];
  if (lost.length > 0) all.push(`The saved view names ${lost.length} nodes that this graph does not have.`);
  if (all.length > 0) notify({ kind: 'info', text: all.join(' ') });
}

function offerDraft(document: Document, draft: Draft): void {
  const restore = () => {
    const { view } = readView(document.loaded.graph, draft.qParams, currentView());
    setState({ history: historyOf(view) });
  };
  const text = 'The saved view changed since you worked on this graph. Your unsaved changes are kept.';
  notify({ kind: 'info', text, actions: [{ title: 'Use my changes', run: restore }] });
}

function offerSaved(saved: View): void {
  const text = 'Unsaved changes were restored.';
  const run = () => setState({ history: historyOf(saved) });
  notify({ kind: 'info', text, actions: [{ title: 'Go back to the saved view', run }] });
}

/** Keep the URL in step with the selection, so that Back and a reload restore it. */
export function pushAddress(): void {
  const { document } = getState();
  if (!document || document.slug === '') return;
  const search = selectionAddress(document.slug, currentView().selected, document.logitDiff);
  // While Back loads another graph, the URL is ahead of the page.
  if (search === lastAddress) return;
  lastAddress = search;
  if (search !== location.search || location.hash !== '') history.pushState(null, '', search);
}

/** The URL of the current state. */
let lastAddress = '';

/** Set the URL for a state that is about to be set, without a history entry. */
function settleAddress({ slug, logitDiff }: Origin, { selected }: View): void {
  if (slug === '') return;
  lastAddress = selectionAddress(slug, selected, logitDiff);
  history.replaceState(null, '', lastAddress);
}

/** Handles Back and Forward. */
export async function followAddress(): Promise<void> {
  const { slug, params, logitDiff } = await readAddress(new URL(location.href));
  const { document, history } = getState();
  if (document?.slug !== slug || document.logitDiff !== logitDiff) return openSlug(slug, params, logitDiff);
  const { view } = readView(document.loaded.graph, { ...params, clickedId: params.clickedId ?? '' }, history.present);
  settleAddress(document, view);
  setState({ history: { ...history, present: view } });
}
