import { fixed, percent, signed, visibleToken } from '../../core/graph/format';
import type { Graph } from '../../core/graph/graph';
import { influenceName, rankName, rowName, titleOf } from '../../core/graph/names';
import { groupOfNode, type View } from '../../core/view/view';
import { shareOpacity } from '../../draw/share-style';
import { toggleMark, togglePin } from '../../state/edit';
import { hovered } from '../../state/store';
import { GlyphIcon } from './glyph';
import { Icon } from './icon';
import type { RowPlace } from './virtual-list';

export const rowHeight = 26;

interface NodeRowProps extends RowPlace {
  readonly graph: Graph;
  readonly node: number;
  readonly view: View;
  readonly onSelect: () => void;
  /** The signed share and weight of a connection. */
  readonly share?: number;
  readonly weight?: number;
  /** Show the node's own influence, for lists other than connections. */
  readonly place?: boolean;
  /** Hidden in the link graph by a filter. */
  readonly dim?: boolean;
}

/** A node in a list. */
export function NodeRow({ graph, node, view, onSelect, share, weight, place, dim, row, tabIndex }: NodeRowProps) {
  const id = graph.ids[node];
  const group = groupOfNode(view, id);
  const title = `${group ? `[${group.label}] ` : ''}${titleOf(graph, node, view.labels)}`;
  const click = (event: MouseEvent) => {
    if (event.ctrlKey || event.metaKey) togglePin(id);
    else if (event.shiftKey && view.pins.includes(id)) toggleMark(id);
    else onSelect();
  };
  return (
    <button
      type="button"
      class="node-row"
      data-row={row}
      data-nodes={node}
      data-dim={dim}
      tabIndex={tabIndex}
      aria-current={view.selected === id}
      title={weight === undefined ? title : `${title}, weight ${signed(weight, 3)}`}
      onClick={click}
      onFocus={() => hovered.set(node)}
      onPointerEnter={() => hovered.set(node)}
      onPointerLeave={() => hovered.set(-1)}
    >
      {share !== undefined && <ShareBar share={share} />}
      <GlyphIcon kind={graph.kinds[node]} />
      <span class="node-title">{title}</span>
      {view.pins.includes(id) && (
        <span class="pin-sign" title="Pinned" role="img" aria-label="pinned">
          <Icon name="pin" />
        </span>
      )}
      <NodeToken graph={graph} node={node} />
      <span class="node-layer">{rowName(graph, graph.row[node])}</span>
      {place && <InfluenceNumber graph={graph} node={node} />}
      {share !== undefined && <span class="node-number">{percent(share)}</span>}
      {weight !== undefined && <span class="node-number faint">{signed(weight, 3)}</span>}
    </button>
  );
}

/** The influence, or the probability of an output. */
export function InfluenceNumber({ graph, node }: { graph: Graph; node: number }) {
  if (graph.kinds[node] === 'logit') {
    return (
      <span class="node-number" title="probability">
        {fixed(graph.probability[node])}
      </span>
    );
  }
  return (
    <span class="node-number" title={`${influenceName(graph)}, ${rankName(graph, node)}`}>
      {fixed(graph.ownInfluence[node])}
    </span>
  );
}

/** The token at its position. Empty for tokens and outputs, which are named by their token. */
export function NodeToken({ graph, node }: { graph: Graph; node: number }) {
  const kind = graph.kinds[node];
  if (kind === 'token' || kind === 'logit') return null;
  return <span class="node-token">{visibleToken(graph.tokens[graph.position[node]])}</span>;
}

/** The bar behind a row, whose length shows the share. Its line is dashed if the share is negative. */
function ShareBar({ share }: { share: number }) {
  const width = `${Math.min(100, 100 * Math.sqrt(Math.abs(share)))}%`;
  const sign = share < 0 ? 'negative' : 'positive';
  return (
    <span class="share-bar" data-sign={sign} style={{ width, '--strength': `${8 + 12 * shareOpacity(share)}%` }} />
  );
}
