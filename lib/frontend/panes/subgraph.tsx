import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { unsignedPercent } from '../core/graph/format';
import type { Graph } from '../core/graph/graph';
import { maxBoxes, type Subgraph } from '../core/view/subgraph';
import { isGroupKey, type SubgraphLayout, type View } from '../core/view/view';
import { laidOut, placesIn } from '../draw/subgraph-places';
import { scoresOfPins, subgraph } from '../state/derived';
import { clearPins, groupMarked, setLayout, ungroup } from '../state/edit';
import { useStore } from '../state/hooks';
import { setState } from '../state/store';
import { SubgraphPicture } from './subgraph-picture';
import { Pane } from './widgets/pane';

export function SubgraphPane() {
  const graph = useStore((state) => state.document?.loaded.graph);
  const view = useStore((state) => state.history.present);
  const [marking, setMarking] = useState(false);
  const shown = graph ? subgraph(graph, view) : undefined;
  const tools = <Tools view={view} marking={marking} onMarking={setMarking} />;
  return (
    <Pane id="subgraph" title="Subgraph" tools={view.pins.length > 0 && tools}>
      {graph && shown && shown.boxes.length > 0 ? (
        <Boxes graph={graph} view={view} subgraph={shown} marking={marking} />
      ) : (
        <p class="hint muted" data-entry tabIndex={-1}>
          Pin nodes to show them here: Ctrl-click, press P or long-press. Then mark boxes to group them.
        </p>
      )}
    </Pane>
  );
}

function Boxes({ graph, view, subgraph, marking }: { graph: Graph; view: View; subgraph: Subgraph; marking: boolean }) {
  const places = useMemo(() => laidOut(subgraph, view.layout), [subgraph, view.layout]);
  return (
    <>
      <SubgraphPicture subgraph={subgraph} places={placesIn(subgraph, view, places)} marking={marking} />
      <div class="link-foot">
        <PinScores graph={graph} view={view} />
        {subgraph.left > 0 && (
          <span class="warning">
            {subgraph.left} boxes are not shown: the first {maxBoxes} are.
          </span>
        )}
      </div>
    </>
  );
}

const scorePause = 150;

/** The scores, computed shortly after the last change because they take a sum over all edges. */
function PinScores({ graph, view }: { graph: Graph; view: View }) {
  const [text, setText] = useState('');
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => {
    timer.current = setTimeout(() => {
      const { replacement, completeness } = scoresOfPins(graph, view);
      setText(
        `With these features only: replacement ${unsignedPercent(replacement)}, completeness ${unsignedPercent(completeness)}`,
      );
    }, scorePause);
    return () => clearTimeout(timer.current);
  }, [graph, view]);
  return (
    <span class="muted summary" title="Scores of the file when every feature that is not pinned counts as unexplained">
      {text}
    </span>
  );
}

interface ToolsProps {
  readonly view: View;
  readonly marking: boolean;
  readonly onMarking: (marking: boolean) => void;
}

function Tools({ view, marking, onMarking }: ToolsProps) {
  const marked = useStore((state) => state.marked);
  return (
    <>
      <select
        aria-label="Layout"
        value={view.layout}
        onChange={({ currentTarget }) => setLayout(currentTarget.value as SubgraphLayout)}
      >
        <option value="layered">Layered</option>
        <option value="force">Force</option>
      </select>
      {Object.keys(view.positions).length > 0 && (
        <button type="button" title="Lay out again" onClick={() => setLayout(view.layout)}>
          Tidy
        </button>
      )}
      <button
        type="button"
        aria-pressed={marking}
        title="Click boxes to mark them (or Shift-click, M, Space)"
        onClick={() => onMarking(!marking)}
      >
        Mark
      </button>
      {marked.length > 0 && (
        <button
          type="button"
          class="primary"
          disabled={marked.length < 2}
          title="Group the marked boxes (G)"
          onClick={groupMarked}
        >
          Group {marked.length}
        </button>
      )}
      {isGroupKey(view.selected) && (
        <button type="button" title="Ungroup (U)" onClick={() => ungroup(view.selected)}>
          Ungroup
        </button>
      )}
      <button
        type="button"
        title="Steer the model with these"
        onClick={() => setState({ detailTab: 'steer', pane: 'detail' })}
      >
        Steer
      </button>
      <button type="button" class="quiet" title="Unpin everything" onClick={clearPins}>
        Clear
      </button>
    </>
  );
}
