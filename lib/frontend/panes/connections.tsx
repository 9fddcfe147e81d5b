import { percent, unsignedPercent } from '../core/graph/format';
import type { Graph } from '../core/graph/graph';
import { placeName, titleOf } from '../core/graph/names';
import { type Connection, hiddenInput, type InputPart, inputParts } from '../core/measure/shares';
import { groupOfKey, type View } from '../core/view/view';
import { connections, selection, shownOf } from '../state/derived';
import { select } from '../state/edit';
import { useStore } from '../state/hooks';
import { NodeRow, rowHeight } from './widgets/node-row';
import { Pane } from './widgets/pane';
import { SelectionButtons } from './widgets/selection-buttons';
import { VirtualList } from './widgets/virtual-list';

export function ConnectionsPane() {
  const graph = useStore((state) => state.document?.loaded.graph);
  const view = useStore((state) => state.history.present);
  const nodes = graph ? selection(graph, view) : [];
  return (
    <Pane id="connections" title="Connections" tools={<SelectionButtons />}>
      {graph && nodes.length > 0 ? (
        <Connected graph={graph} view={view} nodes={nodes} />
      ) : (
        <p class="hint muted">
          Select a node in the link graph, in the subgraph or by search to see its inputs and outputs.
        </p>
      )}
    </Pane>
  );
}

function Connected({ graph, view, nodes }: { graph: Graph; view: View; nodes: readonly number[] }) {
  const { inputs, outputs } = connections(graph, view);
  const group = groupOfKey(view, view.selected);
  const passing = (each: readonly Connection[]) => each.filter(({ share }) => Math.abs(share) >= view.minShare);
  return (
    <div class="connections">
      <div class="selected-title">
        <strong>{group ? `${group.label} (${nodes.length} nodes)` : titleOf(graph, nodes[0], view.labels)}</strong>{' '}
        <span class="muted">{group ? 'group' : placeName(graph, nodes[0])}</span>
      </div>
      <InputSummary graph={graph} view={view} nodes={nodes} />
      <div class="connection-columns">
        <ConnectionList
          title="Inputs"
          unit="share of its input"
          sums
          graph={graph}
          view={view}
          list={passing(inputs)}
        />
        <ConnectionList title="Outputs" unit="share of their input" graph={graph} view={view} list={passing(outputs)} />
      </div>
    </div>
  );
}

interface ListProps {
  readonly title: string;
  readonly unit: string;
  /** Whether the shares belong to one input and can be summed. */
  readonly sums?: boolean;
  readonly graph: Graph;
  readonly view: View;
  readonly list: readonly Connection[];
}

/** Positive connections, then negative ones, each sorted by share, strongest first. */
function ConnectionList({ title, unit, sums = false, graph, view, list }: ListProps) {
  const positive = list.filter(({ share }) => share >= 0);
  const negative = list.filter(({ share }) => share < 0);
  const rows = [
    ...heading('Positive', positive, sums),
    ...positive,
    ...heading('Negative', negative, sums),
    ...negative,
  ];
  const shown = shownOf(graph, view);
  return (
    <section class="connection-list" aria-label={title}>
      <h3 data-entry={title === 'Inputs' ? '' : undefined} tabIndex={-1}>
        {title}{' '}
        <span class="muted">
          {list.length.toLocaleString('en')}, by {unit}
        </span>
      </h3>
      <VirtualList
        label={title}
        rows={rows.length}
        rowHeight={rowHeight}
        isHeading={(row) => typeof rows[row] === 'string'}
        render={(row, place) => {
          const item = rows[row];
          if (typeof item === 'string') return <h4>{item}</h4>;
          return (
            <NodeRow
              {...place}
              graph={graph}
              node={item.node}
              view={view}
              share={item.share}
              weight={item.weight}
              dim={!shown[item.node]}
              onSelect={() => select(graph.ids[item.node])}
            />
          );
        }}
      />
    </section>
  );
}

function heading(title: string, list: readonly Connection[], sums: boolean): string[] {
  if (list.length === 0) return [];
  const total = list.reduce((sum, { share }) => sum + share, 0);
  return [`${title} · ${list.length}${sums ? ` · ${percent(total)}` : ''}`];
}

const partTitles = { feature: 'Features', error: 'Errors', token: 'Tokens', other: 'Other' } as const;

/** The error share, the share of hidden nodes, and the sources of the input. */
function InputSummary({ graph, view, nodes }: { graph: Graph; view: View; nodes: readonly number[] }) {
  const parts = inputParts(graph, nodes);
  if (parts.length === 0) return <p class="muted input-summary">The selection has no inputs.</p>;
  const ofErrors = parts.filter(({ kind }) => kind === 'error').reduce((sum, part) => sum + sizeOf(part), 0);
  const hidden = hiddenInput(graph, nodes, shownOf(graph, view));
  return (
    <details class="input-summary">
      <summary>
        Input: {unsignedPercent(ofErrors)} from errors
        {hidden > 0 && <span class="muted">, {unsignedPercent(hidden)} from hidden nodes</span>}
        <InputBar parts={parts} />
      </summary>
      <table class="parts">
        <thead>
          <tr>
            <th scope="col">From</th>
            <th scope="col">Token</th>
            <th scope="col">Positive</th>
            <th scope="col">Negative</th>
          </tr>
        </thead>
        <tbody>
          {parts.map(({ kind, when, positive, negative }) => (
            <tr key={kind + when}>
              <th scope="row" data-kind={kind}>
                {partTitles[kind]}
              </th>
              <td>{when}</td>
              <td>{percent(positive)}</td>
              <td>{percent(-negative)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}

function sizeOf({ positive, negative }: InputPart): number {
  return positive + negative;
}

function InputBar({ parts }: { parts: readonly InputPart[] }) {
  return (
    <span class="input-bar" aria-hidden="true">
      {parts.map((part) => (
        <span
          key={part.kind + part.when}
          data-kind={part.kind}
          title={`${partTitles[part.kind]}, ${part.when} token: ${unsignedPercent(sizeOf(part))}`}
          style={{ width: `${100 * sizeOf(part)}%` }}
        />
      ))}
    </span>
  );
}
