import type { Graph } from '../core/graph/graph';
import { layoutLinkGraph } from '../core/layout/layout';
import type { Subgraph } from '../core/view/subgraph';
import type { View } from '../core/view/view';
import { CanvasPen } from './canvas-pen';
import { endsOf } from './link-ends';
import { margins, paintLinks, paintNodes } from './link-graph';
import type { Palette } from './palette';
import type { Pen } from './pen';
import { paintSubgraph } from './subgraph';
import { laidOut, placesIn } from './subgraph-places';
import { boxSize } from './subgraph-shapes';
import { SvgPen } from './svg-pen';

export type Picture = 'link-graph' | 'subgraph';

export interface PictureParts {
  readonly graph: Graph;
  readonly view: View;
  readonly shown: Uint8Array;
  readonly links: readonly number[];
  readonly subgraph: Subgraph;
  readonly palette: Palette;
}

/** A picture of known size that any pen can draw. */
export interface Drawing {
  readonly width: number;
  readonly height: number;
  paint(pen: Pen): void;
}

/** @throws Error when there is nothing to draw. */
export function drawingOf(picture: Picture, parts: PictureParts): Drawing {
  return picture === 'link-graph' ? linkGraphDrawing(parts) : subgraphDrawing(parts);
}

const tokenWidth = 76;
const rowHeight = 28;

function linkGraphDrawing({ graph, view, shown, links, palette }: PictureParts): Drawing {
  const width = Math.min(4000, Math.max(900, graph.tokens.length * tokenWidth));
  const height = Math.min(3000, Math.max(420, graph.nRows * rowHeight)) + margins.top + margins.bottom;
  const size = { width: width - margins.left - margins.right, height: height - margins.top - margins.bottom };
  const layout = layoutLinkGraph(graph, shown, size);
  const content = { graph, layout, shown, palette, scroll: 0, width, height };
  return {
    width,
    height,
    paint(pen) {
      paintNodes(pen, content);
      paintLinks(pen, content, links, endsOf(graph, view, links));
    },
  };
}

const room = 24;

function subgraphDrawing({ view, subgraph, palette }: PictureParts): Drawing {
  if (subgraph.boxes.length === 0) throw new Error('Nothing is pinned: the subgraph is empty.');
  const places = placesIn(subgraph, view, laidOut(subgraph, view.layout));
  const left = Math.min(...places.map(([x]) => x)) - boxSize.width / 2 - room;
  const top = Math.min(...places.map(([, y]) => y)) - boxSize.height / 2 - room;
  const right = Math.max(...places.map(([x]) => x)) + boxSize.width / 2 + room;
  const bottom = Math.max(...places.map(([, y]) => y)) + boxSize.height / 2 + room;
  return {
    width: right - left,
    height: bottom - top,
    paint(pen) {
      const shifted = places.map(([x, y]) => [x - left, y - top] as const);
      paintSubgraph(pen, subgraph, shifted, palette);
    },
  };
}

export function svgOf({ width, height, paint }: Drawing, palette: Palette): string {
  const pen = new SvgPen();
  paint(pen);
  return pen.document(width, height, palette.surface);
}

/** Twice the resolution, if browsers support canvases of that size. */
export async function pngOf({ width, height, paint }: Drawing, palette: Palette): Promise<Blob> {
  const scale = Math.min(2, 8000 / Math.max(width, height));
  const canvas = document.createElement('canvas');
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const context = canvas.getContext('2d');
  if (!context) throw new Error('This browser does not support canvas drawing.');
  context.scale(scale, scale);
  context.fillStyle = palette.surface;
  context.fillRect(0, 0, width, height);
  paint(new CanvasPen(context));
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/png'));
  if (!blob) throw new Error('The browser could not make the picture.');
  return blob;
}
