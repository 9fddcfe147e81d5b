import { useEffect, useMemo } from 'preact/hooks';
import { percent } from '../core/graph/format';
import { type Graph, nodeOf } from '../core/graph/graph';
import { titleOf } from '../core/graph/names';
import { type Path, strongestPaths } from '../core/measure/paths';
import type { View } from '../core/view/view';
import { pinAll, toggleTrace } from '../state/edit';
import { useStore } from '../state/hooks';
import { emphasised, setState } from '../state/store';

const maxPaths = 20;

/** The strongest paths between two nodes. */
export function PathsTab() {
  const graph = useStore((state) => state.document?.loaded.graph);
  const view = useStore((state) => state.history.present);
  const from = useStore((state) => state.traceFrom);
  const to = useStore((state) => state.traceTo);
  useEffect(() => () => emphasised.set([]), []);
  if (!graph) return null;
  const start = nodeOf(graph, from);
  const end = nodeOf(graph, to);
  if (start === undefined) {
    return (
      <div class="hint muted">
        <p>Select a node, press Trace (T), then select another node to see the strongest paths between them.</p>
        {view.selected !== '' && (
          <button type="button" onClick={toggleTrace}>
            Trace from the selected node
          </button>
        )}
      </div>
    );
  }
  if (end === undefined)
    return <p class="hint">From {titleOf(graph, start, view.labels)}. Now select the node to trace to.</p>;
  return <Paths graph={graph} view={view} start={start} end={end} />;
}

interface PathsProps {
  readonly graph: Graph;
  readonly view: View;
  readonly start: number;
  readonly end: number;
}

function Paths({ graph, view, start, end }: PathsProps) {
  const paths = useMemo(() => betweenThem(graph, start, end), [graph, start, end]);
  useEffect(() => {
    emphasised.set(paths[0]?.links ?? []);
  }, [paths]);
  const stop = () => setState({ traceFrom: '', traceTo: '' });
  return (
    <div class="paths">
      <p>
        {paths.length === 0
          ? 'No path leads'
          : `The ${paths.length === 1 ? 'path' : `${paths.length} strongest paths`}`}{' '}
        between <strong>{titleOf(graph, start, view.labels)}</strong> and{' '}
        <strong>{titleOf(graph, end, view.labels)}</strong>
        {paths.length > 0 && ', with the product of the shares along them'}.{' '}
        <button type="button" onClick={stop}>
          Done
        </button>
      </p>
      <ol>
        {paths.map((path) => (
          <PathRow key={path.links.join(' ')} graph={graph} view={view} path={path} />
        ))}
      </ol>
    </div>
  );
}

/** Finds paths in whichever direction edges lead. */
function betweenThem(graph: Graph, start: number, end: number): Path[] {
  const paths = strongestPaths(graph, start, end, maxPaths);
  return paths.length > 0 ? paths : strongestPaths(graph, end, start, maxPaths);
}

function PathRow({ graph, view, path }: { graph: Graph; view: View; path: Path }) {
  const nodes = [graph.source[path.links[0]], ...path.links.map((link) => graph.target[link])];
  const show = () => emphasised.set(path.links);
  return (
    <li>
      <button
        type="button"
        class="path"
        title="Show in the link graph"
        onClick={show}
        onFocus={show}
        onPointerEnter={show}
      >
        <span class="path-share">{percent(path.share, 2)}</span>{' '}
        {nodes.map((node, i) => (
          <span key={node}>
            {i > 0 && <span class="muted"> {graph.weight[path.links[i - 1]] < 0 ? '⊣' : '→'} </span>}
            {titleOf(graph, node, view.labels)}
          </span>
        ))}
      </button>
      <button type="button" onClick={() => pinAll(nodes.map((node) => graph.ids[node]))}>
        Pin
      </button>
    </li>
  );
}
