import { percent, shortened } from '../core/graph/format';
import type { Box, Subgraph } from '../core/view/subgraph';
import type { Point } from '../core/view/view';
import type { Palette } from './palette';
import type { Pen } from './pen';
import { shareStroke } from './share-style';
import { boxSize, edgeLine, edgeWidth, labelledEdges, labelPlaces, minEdgeShare } from './subgraph-shapes';

/** The subgraph as a picture for export. */
export function paintSubgraph(pen: Pen, { boxes, edges }: Subgraph, places: readonly Point[], palette: Palette): void {
  const sorted = edges.filter(({ weight }) => Math.abs(weight) >= minEdgeShare);
  sorted.sort((a, b) => Math.abs(a.weight) - Math.abs(b.weight));
  for (const { from, to, weight } of sorted) {
    pen.curve(edgeLine(places[from], places[to]).points, shareStroke(weight, edgeWidth(weight), palette));
  }
  const labelled = labelledEdges(sorted);
  const lines = labelled.map(({ from, to }) => edgeLine(places[from], places[to]));
  for (const [i, [x, y]] of labelPlaces(lines, places).entries()) {
    pen.rect(x - 22, y - 9, 44, 16, { fill: palette.surface, fillOpacity: 0.85 }, 4);
    pen.text(percent(labelled[i].weight), x, y + 3, { size: 10.5, colour: palette.ink, align: 'middle' });
  }
  boxes.forEach((box, i) => {
    paintBox(pen, box, places[i], palette);
  });
}

function paintBox(pen: Pen, box: Box, [x, y]: Point, palette: Palette): void {
  const { width, height } = boxSize;
  const grouped = box.kind === 'group';
  const style = {
    fill: palette.surface,
    stroke: { colour: grouped ? palette.accent : palette.muted, width: grouped ? 2 : 1.2 },
  };
  if (grouped) pen.rect(x - width / 2 + 4, y - height / 2 - 4, width, height, style, 8);
  pen.rect(x - width / 2, y - height / 2, width, height, style, 8);
  const glyph = { fill: palette.surface, stroke: { colour: palette.ink, width: 1.2 } };
  const label = grouped ? `${box.label} (${box.nodes.length})` : box.label;
  if (box.kind !== 'group') pen.glyphs(box.kind, [x - width / 2 + 13, y], 5, glyph);
  const [place, align] = grouped ? ([x, 'middle'] as const) : ([x - width / 2 + 26, 'start'] as const);
  pen.text(shortened(label, grouped ? 20 : 17), place, y + 4, { size: 12, colour: palette.ink, align, bold: grouped });
}
