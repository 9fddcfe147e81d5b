import { useStore } from '../../state/hooks';
import { paneIds, panes, setState } from '../../state/store';

/** Selects the pane on screens with room for only one. */
export function PaneTabs() {
  const shown = useStore((state) => state.pane);
  return (
    <nav class="pane-tabs" aria-label="Panes">
      {paneIds.map((pane) => (
        <button key={pane} type="button" aria-pressed={pane === shown} onClick={() => setState({ pane })}>
          {panes[pane].tab}
        </button>
      ))}
    </nav>
  );
}
