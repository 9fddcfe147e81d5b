import { useStore } from '../../state/hooks';
import { type Pane, setState } from '../../state/store';

const titles: Readonly<Record<Pane, string>> = {
  links: 'Graph',
  connections: 'Connections',
  subgraph: 'Subgraph',
  detail: 'Detail',
};

/** Selects the pane on screens with room for only one. */
export function PaneTabs() {
  const shown = useStore((state) => state.pane);
  return (
    <nav class="pane-tabs" aria-label="Panes">
      {Object.entries(titles).map(([pane, title]) => (
        <button key={pane} type="button" aria-pressed={pane === shown} onClick={() => setState({ pane: pane as Pane })}>
          {title}
        </button>
      ))}
    </nav>
  );
}
