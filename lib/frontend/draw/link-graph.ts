import { nodeKinds } from '../../graph-file/schema';
import { shortened, visibleToken } from '../core/graph/format';
import type { Graph } from '../core/graph/graph';
import { outputToken, rowName } from '../core/graph/names';
import type { LinkGraphLayout } from '../core/layout/layout';
import type { Palette } from './palette';
import type { Pen } from './pen';
import { linkWidth, shareFill, shareStroke } from './share-style';

/** The margin around the nodes. */
export const margins = { left: 36, right: 6, top: 52, bottom: 58 };

export interface LinkGraphPicture {
  readonly graph: Graph;
  readonly layout: LinkGraphLayout;
  readonly shown: Uint8Array;
  readonly palette: Palette;
  /** The number of pixels by which the nodes are scrolled. */
  readonly scroll: number;
  /** The size of the whole picture. */
  readonly width: number;
  readonly height: number;
  /** [n] in a comparison, 1 for nodes that only this graph has. */
  readonly filled?: Uint8Array;
}

/** The coordinates of a node in the picture. */
export function placeOf({ layout, scroll }: LinkGraphPicture, node: number): [number, number] {
  return [margins.left + layout.x[node] - scroll, margins.top + layout.y[node]];
}

export function glyphRadius({ layout }: LinkGraphPicture): number {
  return Math.min(4.5, Math.max(2, layout.rowHeight * 0.28));
}

/** Draw bands, the names of rows and tokens, and all visible nodes. */
export function paintNodes(pen: Pen, picture: LinkGraphPicture): void {
  paintBands(pen, picture);
  const { graph, shown, palette, filled } = picture;
  const radius = glyphRadius(picture);
  for (const kind of nodeKinds) {
    const plain: number[] = [];
    const special: number[] = [];
    for (let node = 0; node < graph.n; node++) {
      if (shown[node] && graph.kinds[node] === kind) (filled?.[node] ? special : plain).push(...placeOf(picture, node));
    }
    const stroke = { colour: kind === 'error' ? palette.muted : palette.ink, width: 0.9, opacity: 0.75 };
    pen.glyphs(kind, plain, radius, { fill: palette.surface, stroke });
    pen.glyphs(kind, special, radius, { fill: palette.only, stroke });
  }
  paintEdges(pen, picture);
}

/** Draw edges, weakest first, and fill the nodes at their ends with the colour of the share. */
export function paintLinks(pen: Pen, picture: LinkGraphPicture, links: readonly number[], ends: Ends): void {
  const { graph, palette } = picture;
  for (const link of links) {
    const stroke = shareStroke(graph.share[link], linkWidth(graph.share[link]), palette);
    pen.curve(linkCurve(picture, graph.source[link], graph.target[link]), stroke);
  }
  const radius = glyphRadius(picture);
  for (const [node, share] of ends.shares) {
    const stroke = { colour: palette.ink, width: 1 };
    pen.glyphs(graph.kinds[node], placeOf(picture, node), radius, { fill: shareFill(share, palette), stroke });
  }
  for (const node of ends.pinned) {
    const stroke = { colour: palette.ink, width: 2.4 };
    pen.glyphs(graph.kinds[node], placeOf(picture, node), radius + 1, { stroke });
  }
  for (const node of ends.selected) {
    const style = { fill: palette.accent, stroke: { colour: palette.surface, width: 1 } };
    pen.glyphs(graph.kinds[node], placeOf(picture, node), radius + 1.5, style);
    pen.glyphs('feature', placeOf(picture, node), radius + 5, { stroke: { colour: palette.accent, width: 2 } });
  }
}

/** Draw emphasised nodes. */
export interface Ends {
  /** The share of the edge to or from the selection, by node. */
  readonly shares: ReadonlyMap<number, number>;
  readonly pinned: readonly number[];
  readonly selected: readonly number[];
}

export function linkCurve(picture: LinkGraphPicture, source: number, target: number): number[] {
  const [x1, y1] = placeOf(picture, source);
  const [x2, y2] = placeOf(picture, target);
  const middle = (y1 + y2) / 2;
  return [x1, y1, x1, middle, x2, middle, x2, y2];
}

function paintBands(pen: Pen, { graph, layout, palette, width, scroll }: LinkGraphPicture): void {
  const right = width - margins.left - margins.right;
  for (let row = 0; row < graph.nRows; row++) {
    const y = margins.top + layout.size.height - (row + 1) * layout.rowHeight;
    const outer = row === 0 || row === graph.nRows - 1;
    if (outer || row % 2 === 0) {
      const style = { fill: palette.band, fillOpacity: outer ? 1 : 0.55 };
      pen.rect(margins.left, y, right, layout.rowHeight, style);
    }
  }
  for (const edge of layout.columns) {
    const x = margins.left + edge - scroll;
    if (x < margins.left || x > width) continue;
    pen.curve([x, margins.top, x, margins.top + layout.size.height], { colour: palette.line, width: 1 });
  }
}

/** Draw names along the sides, over the scrolled content. */
function paintEdges(pen: Pen, picture: LinkGraphPicture): void {
  const { graph, layout, palette, width, height, scroll } = picture;
  pen.rect(0, 0, margins.left, height, { fill: palette.surface });
  pen.rect(width - margins.right, 0, margins.right, height, { fill: palette.surface });
  const every = Math.max(1, Math.ceil(13 / layout.rowHeight));
  for (let row = 0; row < graph.nRows; row++) {
    const outer = row === 0 || row === graph.nRows - 1;
    if (!outer && ((row - 1) % every !== 0 || row > graph.nRows - 1 - every)) continue;
    const y = margins.top + layout.size.height - (row + 0.5) * layout.rowHeight + 4;
    pen.text(rowName(graph, row), margins.left - 6, y, { size: 11, colour: palette.muted, align: 'end' });
  }
  const bottom = margins.top + layout.size.height + 14;
  let last = Number.NEGATIVE_INFINITY;
  for (const [position, token] of graph.tokens.entries()) {
    const x = margins.left + (layout.columns[position] + layout.columns[position + 1]) / 2 - scroll + 4;
    if (x < margins.left || x > width - 2 || x - last < 11) continue;
    last = x;
    const style = { size: 11, colour: palette.ink, align: 'end' as const, turn: -40 };
    pen.text(shortened(visibleToken(token), 12), x, bottom, style);
  }
  paintOutputs(pen, picture);
}

function paintOutputs(pen: Pen, picture: LinkGraphPicture): void {
  const { graph, shown, palette, width } = picture;
  const outputs = Array.from(graph.kinds.keys()).filter((node) => graph.kinds[node] === 'logit' && shown[node]);
  outputs.sort((a, b) => graph.probability[b] - graph.probability[a]);
  const taken: number[] = [];
  for (const node of outputs) {
    const [x] = placeOf(picture, node);
    if (x < margins.left || x > width || taken.some((other) => Math.abs(other - x) < 11)) continue;
    taken.push(x);
    const style = { size: 11, colour: palette.ink, turn: x > width - 60 ? -90 : -40 };
    pen.text(shortened(visibleToken(outputToken(graph, node)), 8), x + 3, margins.top - 5, style);
  }
}
