import type { ComponentChildren } from 'preact';
import { useStore } from '../../state/hooks';
import { getState, type Pane as PaneId, setState } from '../../state/store';
import { Icon } from './icon';

interface PaneProps {
  readonly id: PaneId;
  readonly title: string;
  /** Content between the title and the pane. */
  readonly tools?: ComponentChildren;
  readonly children: ComponentChildren;
}

/** A part of the page, with a title and a button that maximises it. */
export function Pane({ id, title, tools, children }: PaneProps) {
  const wide = useStore((state) => state.wide === id);
  const shown = useStore((state) => state.pane === id);
  const toggle = () => setState({ wide: getState().wide === id ? '' : id });
  return (
    <section class="pane" data-pane={id} data-wide={wide} data-shown={shown} aria-label={title}>
      <div class="pane-head">
        <h2>{title}</h2>
        <div class="tools">{tools}</div>
        <button
          type="button"
          class="quiet wide-button"
          aria-label={wide ? `Restore ${title}` : `Maximise ${title}`}
          title={wide ? 'Restore (F)' : 'Maximise (F)'}
          onClick={toggle}
        >
          <Icon name={wide ? 'narrow' : 'widen'} />
        </button>
      </div>
      {children}
    </section>
  );
}
