import { keyActions } from '../../state/keys';
import { Dialog } from '../widgets/dialog';

const gestures: readonly (readonly [string, string])[] = [
  ['Click or tap', 'Select a node, a box or a row; again to let go'],
  ['Ctrl-click or long press', 'Pin or unpin it'],
  ['Shift-click a box', 'Mark it for grouping'],
  ['Drag a box', 'Place it; drag the ground to move all, Ctrl-wheel to zoom'],
  ['Arrow keys', 'In the link graph, go from node to node; in lists, from row to row'],
  ['Enter', 'Select the node, row or box in focus'],
  ['Space', 'On a box: mark it for grouping'],
  ['Arrow keys on a box', 'Move it; with Shift further'],
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
