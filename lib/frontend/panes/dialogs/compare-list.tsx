import { useMemo, useState } from 'preact/hooks';
import type { Graph } from '../../core/graph/graph';
import { influenceName, rowName } from '../../core/graph/names';
import type { Match } from '../../core/measure/compare';
import { GlyphIcon } from '../widgets/glyph';
import { InfluenceNumber, NodeToken, rowHeight } from '../widgets/node-row';
import { Tabs } from '../widgets/tabs';
import { type RowPlace, VirtualList } from '../widgets/virtual-list';

/** The index of a node in each graph. -1 if it is only in the other. */
export interface Pair {
  readonly left: number;
  readonly right: number;
}

type Part = 'both' | 'left' | 'right';

const parts: readonly (readonly [Part, string])[] = [
  ['both', 'In both'],
  ['left', 'Only left'],
  ['right', 'Only right'],
];

interface CompareListProps {
  readonly left: Graph;
  readonly right: Graph;
  readonly matches: readonly Match[];
  readonly chosen: Pair;
  readonly onChoose: (pair: Pair) => void;
}

/** The nodes of one part, most influential first, with their influence in each graph. */
export function CompareList({ left, right, matches, chosen, onChoose }: CompareListProps) {
  const [part, setPart] = useState<Part>('both');
  const sorted = useMemo(() => byPart(matches), [matches]);
  const rows = sorted[part];
  return (
    <section class="compare-list" aria-label="Nodes">
      <Tabs
        label="Nodes"
        tabs={parts.map(([id, title]) => ({ id, title: <PartTitle title={title} count={sorted[id].length} /> }))}
        chosen={part}
        panel="compare-rows"
        onChoose={setPart}
      />
      <p class="compare-columns muted" aria-hidden="true">
        <span>{influenceName(left)}: left</span>
        <span>{influenceName(right) === influenceName(left) ? 'right' : `${influenceName(right)}: right`}</span>
      </p>
      <div id="compare-rows" role="tabpanel" aria-labelledby={`tab-${part}`}>
        <VirtualList
          label="Nodes"
          rows={rows.length}
          rowHeight={rowHeight}
          render={(row, place) => (
            <MatchRow {...place} left={left} right={right} match={rows[row]} chosen={chosen} onChoose={onChoose} />
          )}
        />
      </div>
    </section>
  );
}

function PartTitle({ title, count }: { title: string; count: number }) {
  return (
    <>
      {title} <span class="muted">{count.toLocaleString('en')}</span>
    </>
  );
}

function byPart(matches: readonly Match[]): Readonly<Record<Part, Match[]>> {
  const sorted: Record<Part, Match[]> = { both: [], left: [], right: [] };
  for (const match of matches) sorted[match.left < 0 ? 'right' : match.right < 0 ? 'left' : 'both'].push(match);
  return sorted;
}

interface MatchRowProps extends RowPlace {
  readonly left: Graph;
  readonly right: Graph;
  readonly match: Match;
  readonly chosen: Pair;
  readonly onChoose: (pair: Pair) => void;
}

function MatchRow({ left, right, match, chosen, onChoose, row, tabIndex }: MatchRowProps) {
  const [graph, node] = match.left >= 0 ? [left, match.left] : [right, match.right];
  return (
    <button
      type="button"
      class="node-row"
      data-row={row}
      tabIndex={tabIndex}
      aria-current={chosen.left === match.left && chosen.right === match.right}
      title={match.title}
      onClick={() => onChoose({ left: match.left, right: match.right })}
    >
      <GlyphIcon kind={graph.kinds[node]} />
      <span class="node-title">{match.title}</span>
      <NodeToken graph={graph} node={node} />
      <span class="node-layer">{rowName(graph, graph.row[node])}</span>
      {match.left < 0 ? <span class="node-number" /> : <InfluenceNumber graph={left} node={match.left} />}
      {match.right < 0 ? <span class="node-number" /> : <InfluenceNumber graph={right} node={match.right} />}
    </button>
  );
}
