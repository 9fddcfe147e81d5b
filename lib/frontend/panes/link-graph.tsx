import { useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import { count } from '../core/graph/parse';
import type { LinkType } from '../core/view/view';
import { endsOf } from '../draw/link-ends';
import { readPalette } from '../draw/palette';
import { drawnOf, shownOf } from '../state/derived';
import { select, setLinkType, setMinShare, setThreshold, setTopLinks, toggleErrors, togglePin } from '../state/edit';
import { useSignal, useStore } from '../state/hooks';
import { currentView, emphasised, getState } from '../state/store';
import { shownTheme } from '../state/theme';
import { LinkGraphView } from './link-graph-view';
import { Icon } from './widgets/icon';
import { Menu } from './widgets/menu';
import { Pane } from './widgets/pane';

export function LinkGraphPane() {
  const view = useRef<LinkGraphView | null>(null);
  return (
    <Pane id="links" title="Link graph" tools={<Filters />}>
      <LinkGraph view={view} />
      <div class="link-foot">
        <Summary />
        <span class="button-group">
          <button
            type="button"
            class="quiet"
            aria-label="Narrower columns"
            title="Narrower columns"
            onClick={() => view.current?.zoomBy(1 / 1.5)}
          >
            <Icon name="minus" />
          </button>
          <button
            type="button"
            class="quiet"
            aria-label="Wider columns"
            title="Wider columns (Ctrl-wheel)"
            onClick={() => view.current?.zoomBy(1.5)}
          >
            <Icon name="plus" />
          </button>
        </span>
      </div>
    </Pane>
  );
}

function LinkGraph({ view: kept }: { view: { current: LinkGraphView | null } }) {
  const root = useRef<HTMLDivElement>(null);
  const document = useStore((state) => state.document);
  const view = useStore((state) => state.history.present);
  const path = useSignal(emphasised);
  const theme = useSignal(shownTheme);
  useLayoutEffect(() => {
    if (!root.current) return;
    const actions = { select: (id: string) => select(id === currentView().selected ? '' : id), pin: togglePin };
    const made = new LinkGraphView(root.current, actions);
    kept.current = made;
    return () => made.dispose();
  }, [kept]);
  useLayoutEffect(() => {
    if (!root.current || !document) return;
    const { graph } = document.loaded;
    const drawn = drawnOf(document, view);
    const links = path.length > 0 ? path : drawn.links;
    kept.current?.show({
      graph,
      shown: shownOf(graph, view),
      links,
      ends: endsOf(graph, view, links),
      labels: view.labels,
      palette: readPalette(),
    });
  }, [document, view, path, theme, kept]);
  return <div class="link-graph" ref={root} />;
}

/** Summarises what is drawn and how much is not. */
function Summary() {
  const document = useStore((state) => state.document);
  const view = useStore((state) => state.history.present);
  const path = useSignal(emphasised);
  const text = useMemo(() => {
    if (!document) return '';
    const { graph } = document.loaded;
    const nodes = shownOf(graph, view).reduce((sum, each) => sum + each, 0);
    const shown = `${nodes.toLocaleString('en')} of ${count(graph.n, 'node')}`;
    if (path.length > 0) return `${shown}; ${count(path.length, 'edge')} (of the path)`;
    const { links, left, of } = drawnOf(document, view);
    const what = { selection: 'of the selection', pins: 'of pinned nodes', all: 'the strongest' }[of];
    const more = left > 0 ? `, ${left.toLocaleString('en')} more not drawn` : '';
    return `${shown}; ${count(links.length, 'edge')} (${what}${more})`;
  }, [document, view, path]);
  return <span class="muted summary">{text}</span>;
}

function Filters() {
  const view = useStore((state) => state.history.present);
  const most = useStore(() => maxThreshold());
  return (
    <>
      <label title="The most influential nodes that together hold at most this share of all influence on the outputs. The right end shows all nodes of the file.">
        Keep nodes up to <output>{Math.min(most, view.threshold).toFixed(2)}</output> of influence
        <input
          type="range"
          min="0"
          max={most}
          step="0.01"
          value={Math.min(most, view.threshold)}
          aria-label="Keep nodes up to this share of all influence"
          onInput={({ currentTarget }) => setThreshold(Number(currentTarget.value))}
        />
      </label>
      <label>
        <input type="checkbox" checked={view.hideErrors} onChange={toggleErrors} /> Hide errors
      </label>
      <Menu title="Edges" stays>
        <LinkFilters />
      </Menu>
    </>
  );
}

/** The slider ends at the threshold that the file was pruned with. Beyond it there are no nodes. */
function maxThreshold(): number {
  return Math.ceil(100 * (getState().document?.loaded.graph.keptInfluence ?? 1)) / 100;
}

const linkTypes: readonly (readonly [LinkType, string])[] = [
  ['either', 'into or out of a pinned node'],
  ['both', 'between pinned nodes'],
  ['input', 'into a pinned node'],
  ['output', 'out of a pinned node'],
];

function LinkFilters() {
  const view = useStore((state) => state.history.present);
  return (
    <>
      <label>
        At most per node
        <input
          type="number"
          min="1"
          max="2000"
          value={view.topLinks}
          onChange={({ currentTarget }) => setTopLinks(Math.min(2000, Math.max(1, currentTarget.valueAsNumber || 200)))}
        />
      </label>
      <label>
        Share of input at least, %
        <input
          type="number"
          min="0"
          max="100"
          step="0.5"
          value={100 * view.minShare}
          onChange={({ currentTarget }) =>
            setMinShare(Math.min(1, Math.max(0, (currentTarget.valueAsNumber || 0) / 100)))
          }
        />
      </label>
      <label>
        With nothing selected, edges
        <select value={view.linkType} onChange={({ currentTarget }) => setLinkType(currentTarget.value as LinkType)}>
          {linkTypes.map(([type, title]) => (
            <option key={type} value={type}>
              {title}
            </option>
          ))}
        </select>
      </label>
    </>
  );
}
