import { forceCollide, forceLink, forceManyBody, forceSimulation, forceX, forceY } from 'd3-force';
import type { Subgraph } from '../view/subgraph';
import type { Point } from '../view/view';
import type { BoxSize } from './layered-layout';

interface Body {
  index?: number;
  x: number;
  y: number;
}

const steps = 200;

/** A force layout: edges pull boxes together, with x near the token's position and y near the row. */
export function forcePlaces({ boxes, edges }: Subgraph, size: BoxSize): Point[] {
  const positions = spread(
    boxes.map(({ position }) => position),
    size.width * 1.15,
  );
  const rows = spread(
    boxes.map(({ row }) => row),
    size.height * 2.2,
  );
  const bodies: Body[] = boxes.map((_, i) => ({ x: positions[i], y: -rows[i] }));
  const links = edges.map(({ from, to, weight }) => ({ source: from, target: to, weight: Math.abs(weight) }));
  forceSimulation(bodies)
    .force(
      'links',
      forceLink<Body, (typeof links)[number]>(links).strength(({ weight }) => 0.3 * weight),
    )
    .force('apart', forceManyBody<Body>().strength(-120))
    .force('room', forceCollide<Body>(Math.hypot(size.width, size.height) / 2))
    .force('token', forceX<Body>((_, i) => positions[i]).strength(0.12))
    .force('row', forceY<Body>((_, i) => -rows[i]).strength(0.9))
    .stop()
    .tick(steps);
  return bodies.map(({ x, y }) => [x, y]);
}

/** Values by rank, with equal values together and `step` between ranks. */
function spread(values: readonly number[], step: number): number[] {
  const sorted = [...new Set(values)].sort((a, b) => a - b);
  return values.map((value) => sorted.indexOf(value) * step);
}
