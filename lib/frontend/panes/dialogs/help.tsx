import { keyActions } from '../../state/keys';
import { Dialog } from '../widgets/dialog';

const gestures: readonly (readonly [string, string])[] = [
  ['Click or tap', 'Select a node, box or row; repeat to deselect'],
  ['Ctrl-click or long press', 'Pin or unpin it'],
  ['Shift-click a box', 'Mark it for grouping'],
  ['Drag a box', 'Move it; drag the background to pan, Ctrl-wheel to zoom'],
  ['Arrow keys', 'Move between nodes in the link graph, or between rows in lists'],
  ['Enter', 'Select the focused node, row or box'],
  ['Space', 'Mark the focused box for grouping'],
  ['Arrow keys on a box', 'Move it; hold Shift to move further'],
  ['Drop a file', 'Open a graph file; nothing leaves the browser'],
];

export function HelpDialog() {
  return (
    <Dialog title="Keys and gestures">
      <div class="columns">
        <dl class="keys">
          {Object.values(keyActions).map(({ keys, title }) => (
            <div key={keys}>
              <dt>
                <kbd>{keys}</kbd>
              </dt>
              <dd>{title}</dd>
            </div>
          ))}
        </dl>
        <dl class="keys">
          {gestures.map(([gesture, title]) => (
            <div key={gesture}>
              <dt>{gesture}</dt>
              <dd>{title}</dd>
            </div>
          ))}
        </dl>
      </div>
    </Dialog>
  );
}
