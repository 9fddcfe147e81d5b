import { useRef } from 'preact/hooks';
import { copyLink, exportCsv, exportJson, exportPicture } from '../state/export';
import { useStore } from '../state/hooks';
import { openFile } from '../state/open';
import { Menu } from './widgets/menu';

/** Opens, shares and exports graphs. */
export function FileMenu() {
  const open = useStore((state) => state.document !== null);
  const served = useStore((state) => (state.document?.slug ?? '') !== '');
  const pinned = useStore((state) => state.history.present.pins.length > 0);
  const input = useRef<HTMLInputElement>(null);
  return (
    <Menu title="File">
      <button type="button" onClick={() => input.current?.click()}>
        Open a graph file…
      </button>
      <input
        ref={input}
        type="file"
        accept=".json,application/json"
        hidden
        aria-label="Graph file"
        onChange={({ currentTarget }) => {
          const [file] = currentTarget.files ?? [];
          currentTarget.value = '';
          if (file) void openFile(file);
        }}
      />
      {served && (
        <button type="button" onClick={() => void copyLink()}>
          Copy a link to this view
        </button>
      )}
      {open && <Exports pinned={pinned} />}
    </Menu>
  );
}

function Exports({ pinned }: { pinned: boolean }) {
  return (
    <>
      <h3>Link graph</h3>
      <button type="button" onClick={() => void exportPicture('link-graph', 'svg')}>
        Picture as SVG
      </button>
      <button type="button" onClick={() => void exportPicture('link-graph', 'png')}>
        Picture as PNG
      </button>
      <h3>Subgraph</h3>
      <button type="button" disabled={!pinned} onClick={() => void exportPicture('subgraph', 'svg')}>
        Subgraph as SVG
      </button>
      <button type="button" disabled={!pinned} onClick={() => void exportPicture('subgraph', 'png')}>
        Subgraph as PNG
      </button>
      <h3>Data</h3>
      <button type="button" onClick={() => void exportCsv('nodes')}>
        Nodes as CSV
      </button>
      <button type="button" onClick={() => void exportCsv('links')}>
        Edges as CSV
      </button>
      <button type="button" onClick={() => void exportJson()}>
        Graph with this view as JSON
      </button>
    </>
  );
}
