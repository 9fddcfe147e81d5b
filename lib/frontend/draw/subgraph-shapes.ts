import type { Point } from '../core/view';

export const boxSize = { width: 132, height: 40 };

/** Edges of a smaller share are left out unless asked for. */
export const leastEdge = 0.003;
/** Edges of a smaller share carry no number. */
export const leastLabelled = 0.03;

export interface EdgeLine {
  /** Of a cubic curve: four points. */
  readonly points: readonly number[];
  /** Where its number stands. */
  readonly middle: Point;
}

/** From the top of one box to the bottom of another; between boxes side by side, from centre to centre. */
export function edgeLine(from: Point, to: Point): EdgeLine {
  const up = to[1] < from[1] - boxSize.height;
  const down = to[1] > from[1] + boxSize.height;
  const lift = up ? -boxSize.height / 2 : down ? boxSize.height / 2 : 0;
  const [x1, y1, x2, y2] = [from[0], from[1] + lift, to[0], to[1] - lift];
  const bend = up || down ? (y2 - y1) * 0.45 : 0;
  const points = [x1, y1, x1, y1 + bend, x2, y2 - bend, x2, y2];
  return { points, middle: [(x1 + x2) / 2, (y1 + y2) / 2] };
}

/** Width of an edge: 14 |share|, at least 1. */
export function edgeWidth(share: number): number {
  return Math.max(1, 14 * Math.abs(share));
}
