import { useMemo, useRef, useState } from 'preact/hooks';
import { isFeatureKind } from '../../graph-file/schema';
import { influenceName } from '../core/graph/names';
import { count } from '../core/graph/parse';
import { search } from '../core/measure/search';
import { pinAll, select } from '../state/edit';
import { useStore } from '../state/hooks';
import { hovered } from '../state/store';
import { NodeRow, rowHeight } from './widgets/node-row';
import { VirtualList } from './widgets/virtual-list';

const help = 'Text, or layer:3 token:salt pos:11 feature:120 type:error is:pinned';
const maxPinned = 50;

/** Search over all nodes; with an empty query, a table of them all. */
export function SearchBox() {
  const [query, setQuery] = useState('');
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const input = useRef<HTMLInputElement>(null);
  const close = () => {
    setOpen(false);
    hovered.set(-1);
  };
  const leave = ({ relatedTarget }: FocusEvent) => {
    if (!box.current?.contains(relatedTarget as Node | null)) close();
  };
  const press = (event: KeyboardEvent) => {
    if (event.key === 'Escape') {
      close();
      input.current?.blur();
    } else if (event.key === 'ArrowDown' && event.target === input.current) {
      box.current?.querySelector<HTMLElement>('[data-row]')?.focus();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: listens to what happens inside it
    <div class="search" ref={box} onFocusOut={leave} onKeyDown={press}>
      <input
        ref={input}
        id="search"
        type="search"
        placeholder="Search nodes  /"
        aria-label="Search nodes"
        title={help}
        autocomplete="off"
        value={query}
        onFocus={() => setOpen(true)}
        onInput={({ currentTarget }) => {
          setQuery(currentTarget.value);
          setOpen(true);
        }}
      />
      {open && <Results query={query} onDone={close} />}
    </div>
  );
}

function Results({ query, onDone }: { query: string; onDone: () => void }) {
  const graph = useStore((state) => state.document?.loaded.graph);
  const view = useStore((state) => state.history.present);
  const found = useMemo(
    () => (graph ? search(query, { graph, labels: view.labels, pins: new Set(view.pins) }) : []),
    [graph, query, view.labels, view.pins],
  );
  if (!graph) return null;
  const choose = (node: number) => {
    select(graph.ids[node]);
    onDone();
  };
  const features = found.filter((node) => isFeatureKind(graph.kinds[node]));
  return (
    <div class="results">
      <div class="results-head">
        <span role="status">{count(found.length, 'node')}</span>
        {query !== '' && features.length > 0 && features.length <= maxPinned && (
          <button type="button" onClick={() => pinAll(features.map((node) => graph.ids[node]))}>
            Pin {count(features.length, 'feature')}
          </button>
        )}
        {found.length > 0 && <span aria-hidden="true">{influenceName(graph)}</span>}
      </div>
      {found.length === 0 && <p class="muted hint">{help}</p>}
      <VirtualList
        label="Nodes found"
        rows={found.length}
        rowHeight={rowHeight}
        render={(row, place) => (
          <NodeRow {...place} graph={graph} node={found[row]} view={view} place onSelect={() => choose(found[row])} />
        )}
      />
    </div>
  );
}
