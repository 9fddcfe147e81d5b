import { isGroupKey, membersOf } from '../../core/view/view';
import { select, togglePin, toggleTrace, ungroup } from '../../state/edit';
import { useStore } from '../../state/hooks';
import { Icon } from './icon';

/** The commands for the selected node or group. */
export function SelectionButtons() {
  const view = useStore((state) => state.history.present);
  const tracing = useStore((state) => state.traceFrom !== '');
  const { selected } = view;
  if (selected === '') return null;
  const pinned = membersOf(view, selected).every((id) => view.pins.includes(id));
  return (
    <>
      <button type="button" aria-pressed={pinned} title="Pin to the subgraph (P)" onClick={() => togglePin(selected)}>
        {pinned ? 'Unpin' : 'Pin'}
      </button>
      {isGroupKey(selected) ? (
        <button type="button" title="Ungroup (U)" onClick={() => ungroup(selected)}>
          Ungroup
        </button>
      ) : (
        <button
          type="button"
          aria-pressed={tracing}
          title="Trace paths from here to the next selected node (T)"
          onClick={toggleTrace}
        >
          {tracing ? 'Stop tracing' : 'Trace'}
        </button>
      )}
      <button
        type="button"
        class="quiet"
        aria-label="Clear the selection"
        title="Clear the selection (Esc)"
        onClick={() => select('')}
      >
        <Icon name="close" />
      </button>
    </>
  );
}
