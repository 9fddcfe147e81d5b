import { parsePythonJson } from '../../graph-file/python-json';
import { linksCsv, nodesCsv } from '../core/view/export-csv';
import { withView } from '../core/view/export-json';
import { writeView } from '../core/view/saved-view';
import { viewAddress } from '../core/view/url';
import { graphUrl } from '../data/load';
import { drawingOf, type Picture, pngOf, svgOf } from '../draw/export';
import { readPalette } from '../draw/palette';
import { drawnOf, shownOf, subgraph } from './derived';
import { notify, problemOf } from './notices';
import { currentView, type Document, emphasised, getState } from './store';

export type ExportKind = 'svg' | 'png';

/** Download a picture of the link graph or the subgraph, in the current colours. */
export async function exportPicture(picture: Picture, kind: ExportKind): Promise<void> {
  await attempt(async (document) => {
    const view = currentView();
    const { graph } = document.loaded;
    const links = emphasised.value.length > 0 ? emphasised.value : drawnOf(document, view).links;
    const palette = readPalette();
    const parts = { graph, view, shown: shownOf(graph, view), links, subgraph: subgraph(graph, view), palette };
    const drawing = drawingOf(picture, parts);
    const blob =
      kind === 'svg' ? new Blob([svgOf(drawing, palette)], { type: 'image/svg+xml' }) : await pngOf(drawing, palette);
    download(blob, `${nameOf(document)}-${picture}.${kind}`);
  });
}

export async function exportCsv(what: 'nodes' | 'links'): Promise<void> {
  await attempt((document) => {
    const { graph } = document.loaded;
    const view = currentView();
    const text = what === 'nodes' ? nodesCsv(graph, view, shownOf(graph, view)) : linksCsv(graph);
    download(new Blob([text], { type: 'text/csv;charset=utf-8' }), `${nameOf(document)}-${what}.csv`);
  });
}

/** Download the graph file with the current view and labels. */
export async function exportJson(): Promise<void> {
  await attempt(async (document) => {
    const source = document.file ? await document.file.text() : await fetchText(graphUrl(document.slug));
    const file = withView(parsePythonJson(source).value, document.loaded.graph, currentView());
    download(new Blob([JSON.stringify(file)], { type: 'application/json' }), `${nameOf(document)}.json`);
  });
}

async function fetchText(url: string): Promise<string> {
  const response = await fetch(url, { cache: 'no-cache' });
  if (!response.ok) throw new Error(`The server responded with status ${response.status}.`);
  return response.text();
}

/** Copy a link to this graph with this view. */
export async function copyLink(): Promise<void> {
  await attempt(async ({ slug, logitDiff }) => {
    const address = await viewAddress(new URL(location.href), slug, writeView(currentView()), logitDiff);
    await navigator.clipboard.writeText(address);
    notify({ kind: 'info', text: 'The link to this view was copied to the clipboard.' });
  });
}

async function attempt(action: (document: Document) => void | Promise<void>): Promise<void> {
  const { document } = getState();
  if (!document) return;
  try {
    await action(document);
  } catch (error) {
    notify({ kind: 'problem', text: `The action failed. ${problemOf(error)}` });
  }
}

function nameOf({ slug, title }: Document): string {
  return (slug || title.replace(/\.json$/i, '')).replace(/[^\w.-]+/g, '_') || 'graph';
}

const untilRead = 10_000;

function download(blob: Blob, name: string): void {
  const link = globalThis.document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), untilRead);
}
