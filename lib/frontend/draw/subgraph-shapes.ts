import type { Point } from '../core/view/view';

export const boxSize = { width: 148, height: 38 };

/** Edges with a smaller share are omitted by default. */
export const minEdgeShare = 0.003;
/** Edges with a smaller share have no number. Only the strongest have one. */
const minLabelledShare = 0.03;
const maxLabelledEdges = 40;

/** The edges that have a number, strongest first. */
export function labelledEdges<E extends { readonly weight: number }>(edges: readonly E[]): E[] {
  const strong = edges.filter(({ weight }) => Math.abs(weight) >= minLabelledShare);
  return strong.sort((a, b) => Math.abs(b.weight) - Math.abs(a.weight)).slice(0, maxLabelledEdges);
}

export interface EdgeLine {
  /** A cubic curve: four points. */
  readonly points: readonly number[];
}

/** From the top of one box to the bottom of another, or between the centres of boxes that are side by side. */
export function edgeLine(from: Point, to: Point): EdgeLine {
  const up = to[1] < from[1] - boxSize.height;
  const down = to[1] > from[1] + boxSize.height;
  const lift = up ? -boxSize.height / 2 : down ? boxSize.height / 2 : 0;
  const [x1, y1, x2, y2] = [from[0], from[1] + lift, to[0], to[1] - lift];
  const bend = up || down ? (y2 - y1) * 0.45 : 0;
  return { points: [x1, y1, x1, y1 + bend, x2, y2 - bend, x2, y2] };
}

const labelSize = { width: 42, height: 13 };
/** The relative positions of a number on its edge, best first. */
const labelTimes = [0.5, 0.4, 0.6, 0.3, 0.7, 0.22, 0.78];

/** The positions of the numbers on edges, clear of boxes and of each other if possible. */
export function labelPlaces(lines: readonly EdgeLine[], boxes: readonly Point[]): Point[] {
  const taken: Point[] = [];
  for (const { points } of lines) {
    const candidates = labelTimes.map((time) => onCurve(points, time));
    const free = candidates.find((place) => isClear(place, boxes, taken));
    taken.push(free ?? candidates[0]);
  }
  return taken;
}

function isClear([x, y]: Point, boxes: readonly Point[], taken: readonly Point[]): boolean {
  const { width, height } = labelSize;
  const [wide, tall] = [(boxSize.width + width) / 2, (boxSize.height + height) / 2];
  if (boxes.some(([bx, by]) => Math.abs(bx - x) < wide && Math.abs(by - y) < tall)) return false;
  return !taken.some(([tx, ty]) => Math.abs(tx - x) < width && Math.abs(ty - y) < height);
}

function onCurve([x1, y1, x2, y2, x3, y3, x4, y4]: readonly number[], time: number): Point {
  const rest = 1 - time;
  const [a, b, c, d] = [rest ** 3, 3 * rest ** 2 * time, 3 * rest * time ** 2, time ** 3];
  return [a * x1 + b * x2 + c * x3 + d * x4, a * y1 + b * y2 + c * y3 + d * y4];
}

/** The width of an edge: 14 |share|, at least 1. */
export function edgeWidth(share: number): number {
  return Math.max(1, 14 * Math.abs(share));
}
