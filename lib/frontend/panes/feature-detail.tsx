import { isFeatureKind } from '../../graph-file/schema';
import { capitalised, fixed, short, unsignedPercent } from '../core/graph/format';
import type { Graph } from '../core/graph/graph';
import { influenceName, kindTitles, labelOf, placeName, plainName, rankName, titleOf } from '../core/graph/names';
import { groupOfKey, type View } from '../core/view/view';
import { selection } from '../state/derived';
import { select } from '../state/edit';
import { useStore } from '../state/hooks';
import { useRestedOn } from '../state/use-looked-at';
import { FeatureExamples } from './feature-examples';
import { GlyphIcon } from './widgets/glyph';
import { LabelField } from './widgets/label-field';

/** Details of the node under the resting pointer, otherwise of the selection. */
export function FeatureDetail() {
  const graph = useStore((state) => state.document?.loaded.graph);
  const view = useStore((state) => state.history.present);
  const rested = useRestedOn();
  if (!graph) return null;
  const selected = selection(graph, view);
  if (rested >= 0 && rested < graph.n) return <NodeDetail graph={graph} view={view} node={rested} />;
  if (selected.length === 0) return <p class="hint muted">Select a node to see its details.</p>;
  if (groupOfKey(view, view.selected)) return <GroupDetail graph={graph} view={view} nodes={selected} />;
  return <NodeDetail graph={graph} view={view} node={selected[0]} />;
}

function NodeDetail({ graph, view, node }: { graph: Graph; view: View; node: number }) {
  const id = graph.ids[node];
  return (
    <>
      <div class="detail-title">
        <GlyphIcon kind={graph.kinds[node]} />
        <strong>{plainName(graph, node)}</strong>
        <span class="muted">{placeName(graph, node)}</span>
      </div>
      <LabelField key={id} target={id} value={labelOf(graph, node, view.labels)} name="Label" />
      <dl class="numbers">
        {numbersOf(graph, node).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {isFeatureKind(graph.kinds[node]) ? (
        <FeatureExamples graph={graph} node={node} />
      ) : (
        <p class="muted hint">{aboutKind[graph.kinds[node]]}</p>
      )}
    </>
  );
}

const aboutKind: Readonly<Record<string, string>> = {
  error: 'The part of the MLP output at this token that the transcoder of this layer does not reconstruct.',
  token: 'The embedding of a token of the prompt.',
  logit: 'A likely next token.',
  bias: 'A constant input.',
  unknown: 'The file does not say what kind of node this is.',
};

function numbersOf(graph: Graph, node: number): [string, string][] {
  const known = (name: string, value: number, text: string): [string, string][] =>
    Number.isFinite(value) ? [[name, text]] : [];
  const { ownInfluence, activation, inputTotal, errorShare, probability } = graph;
  return [
    ['Kind', kindTitles[graph.kinds[node]]],
    ...known('Activation', activation[node], short(activation[node])),
    ...known(
      capitalised(influenceName(graph)),
      ownInfluence[node],
      `${fixed(ownInfluence[node])}, ${rankName(graph, node)}`,
    ),
    ...(graph.kinds[node] === 'logit'
      ? known('Probability', probability[node], unsignedPercent(probability[node]))
      : []),
    ...(inputTotal[node] > 0 ? known('Input from errors', errorShare[node], unsignedPercent(errorShare[node])) : []),
  ];
}

function GroupDetail({ graph, view, nodes }: { graph: Graph; view: View; nodes: readonly number[] }) {
  const group = groupOfKey(view, view.selected);
  return (
    <>
      <div class="detail-title">
        <strong>Group of {nodes.length}</strong>
      </div>
      <LabelField key={view.selected} target={view.selected} value={group?.label ?? ''} name="Name" />
      <ul class="members">
        {nodes.map((node) => (
          <li key={node}>
            <button type="button" class="member" onClick={() => select(graph.ids[node])}>
              <GlyphIcon kind={graph.kinds[node]} /> {titleOf(graph, node, view.labels)}{' '}
              <span class="muted">
                {titleOf(graph, node, view.labels) !== plainName(graph, node) && `${plainName(graph, node)}, `}
                {placeName(graph, node)}
              </span>
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}
