import type { Subgraph } from '../view/subgraph';
import type { Point } from '../view/view';

export interface BoxSize {
  readonly width: number;
  readonly height: number;
}

/** Weaker edges do not affect the layout. */
const minEdgeShare = 0.003;
/** A few boxes are placed further apart. */
const gapsAcross = { few: 64, many: 28 };
const fewBoxes = 4;
const minGapUp = 36;
const maxGapUp = 110;
const orderSweeps = 12;
const placeSweeps = 16;

interface Neighbour {
  readonly box: number;
  readonly weight: number;
}

/**
 * Layers from the tokens at the bottom to the outputs at the top. Edges lead upwards. Boxes are near the boxes that
 * they share edges with, strongest first, and otherwise in the order of their tokens. Takes milliseconds for hundreds
 * of boxes.
 */
export function layeredPlaces({ boxes, edges }: Pick<Subgraph, 'boxes' | 'edges'>, size: BoxSize): Point[] {
  const neighbours = neighboursOf(boxes.length, edges);
  const ranks = ranksOf(boxes, neighbours);
  const layers = inLayers(boxes, ranks);
  settleOrder(layers, neighbours);
  const rows = inRows(layers, boxes.length);
  const widest = Math.max(0, ...rows.map((row) => row.length));
  const step = size.width + (widest <= fewBoxes ? gapsAcross.few : gapsAcross.many);
  const x = settleAcross(rows, neighbours, step);
  const gapUp = Math.min(maxGapUp, Math.max(minGapUp, (widest * step) / 20));
  const y = new Float64Array(boxes.length);
  for (const [row, members] of rows.entries()) for (const box of members) y[box] = -row * (size.height + gapUp);
  return inTokenOrder(
    boxes.map((_, i): Point => [x[i], y[i]]),
    boxes,
  );
}

/** Split layers that are too wide for the picture into several rows, alternating between neighbours. */
function inRows(layers: readonly number[][], count: number): number[][] {
  const most = Math.max(5, Math.ceil(Math.sqrt(1.6 * count)));
  return layers.flatMap((layer) => {
    const rows = Math.ceil(layer.length / most);
    return Array.from({ length: rows }, (_, row) => layer.filter((__, i) => i % rows === row));
  });
}

function neighboursOf(count: number, edges: Subgraph['edges']): Neighbour[][] {
  const neighbours = Array.from({ length: count }, (): Neighbour[] => []);
  for (const { from, to, weight } of edges) {
    if (Math.abs(weight) < minEdgeShare || from === to) continue;
    neighbours[from].push({ box: to, weight: Math.abs(weight) });
    neighbours[to].push({ box: from, weight: Math.abs(weight) });
  }
  return neighbours;
}

/**
 * The layer of each box, 0 at the bottom: one above the highest box with an edge into it. Of two groups with edges in
 * both directions, the one lower in the model is the source, so there are no cycles. A box without inputs is directly
 * below its lowest target. A box without edges is beside those of its row.
 */
function ranksOf(boxes: Subgraph['boxes'], neighbours: readonly Neighbour[][]): number[] {
  const order = [...boxes.keys()].sort((a, b) => boxes[a].row - boxes[b].row || a - b);
  const place = new Int32Array(boxes.length);
  for (const [at, box] of order.entries()) place[box] = at;
  const below = (box: number) => neighbours[box].filter((each) => place[each.box] < place[box]);
  const above = (box: number) => neighbours[box].filter((each) => place[each.box] > place[box]);
  const ranks = new Array<number>(boxes.length).fill(0);
  for (const box of order) ranks[box] = Math.max(0, ...below(box).map((each) => ranks[each.box] + 1));
  for (const box of [...order].reverse()) {
    if (boxes[box].row === 0 || below(box).length > 0 || above(box).length === 0) continue;
    ranks[box] = Math.max(0, Math.min(...above(box).map((each) => ranks[each.box])) - 1);
  }
  const linked = order.filter((box) => neighbours[box].length > 0);
  for (const box of order) if (neighbours[box].length === 0) ranks[box] = rankOfRow(boxes, ranks, linked, box);
  return compact(ranks);
}

function rankOfRow(boxes: Subgraph['boxes'], ranks: readonly number[], linked: readonly number[], box: number): number {
  const { row } = boxes[box];
  const away = (other: number) => Math.abs(boxes[other].row - row);
  const [nearest] = [...linked].sort((a, b) => away(a) - away(b));
  return nearest === undefined ? row : Math.max(0, ranks[nearest] + Math.sign(row - boxes[nearest].row));
}

/** Remove empty layers. */
function compact(ranks: readonly number[]): number[] {
  const used = [...new Set(ranks)].sort((a, b) => a - b);
  const place = new Map(used.map((rank, i) => [rank, i]));
  return ranks.map((rank) => place.get(rank) ?? 0);
}

/** The boxes of each layer, in the order of their tokens. */
function inLayers(boxes: Subgraph['boxes'], ranks: readonly number[]): number[][] {
  const layers = Array.from({ length: Math.max(-1, ...ranks) + 1 }, (): number[] => []);
  for (const [box, rank] of ranks.entries()) layers[rank].push(box);
  for (const layer of layers) layer.sort((a, b) => boxes[a].position - boxes[b].position || a - b);
  return layers;
}

/** Sweep up and down through the layers and sort each by the mean position of its boxes' neighbours. */
function settleOrder(layers: number[][], neighbours: readonly Neighbour[][]): void {
  const x = new Float64Array(neighbours.length);
  const spread = (layer: readonly number[]) => {
    for (const [place, box] of layer.entries()) x[box] = place - (layer.length - 1) / 2;
  };
  for (const layer of layers) spread(layer);
  for (let sweep = 0; sweep < orderSweeps; sweep++) {
    for (const layer of sweep % 2 === 0 ? layers : [...layers].reverse()) {
      const wanted = new Map(layer.map((box) => [box, meanPlace(neighbours[box], x, x[box])]));
      layer.sort((a, b) => (wanted.get(a) ?? 0) - (wanted.get(b) ?? 0));
      spread(layer);
    }
  }
}

function settleAcross(layers: readonly number[][], neighbours: readonly Neighbour[][], step: number): Float64Array {
  const x = new Float64Array(neighbours.length);
  for (const layer of layers) for (const [i, box] of layer.entries()) x[box] = (i - (layer.length - 1) / 2) * step;
  for (let sweep = 0; sweep < placeSweeps; sweep++) {
    for (const layer of sweep % 2 === 0 ? layers : [...layers].reverse()) {
      const wanted = layer.map((box) => meanPlace(neighbours[box], x, x[box]));
      for (const [i, place] of apart(wanted, step).entries()) x[layer[i]] = place;
    }
  }
  return x;
}

function meanPlace(neighbours: readonly Neighbour[], x: Float64Array, otherwise: number): number {
  let [sum, total] = [0, 0];
  for (const { box, weight } of neighbours) {
    sum += weight * x[box];
    total += weight;
  }
  return total === 0 ? otherwise : sum / total;
}

/**
 * The positions nearest to the wanted ones, by least squares, that keep their order and are at least `step` apart.
 * After subtracting i * step they must not decrease, and positions that would are pooled at their mean.
 */
function apart(wanted: readonly number[], step: number): number[] {
  const pools: { sum: number; count: number }[] = [];
  for (const [i, place] of wanted.entries()) {
    let pool = { sum: place - i * step, count: 1 };
    for (let last = pools.at(-1); last && last.sum / last.count > pool.sum / pool.count; last = pools.at(-1)) {
      pools.pop();
      pool = { sum: pool.sum + last.sum, count: pool.count + last.count };
    }
    pools.push(pool);
  }
  return pools
    .flatMap(({ sum, count }) => new Array<number>(count).fill(sum / count))
    .map((place, i) => place + i * step);
}

/** Mirror the layout if that brings boxes closer to the order of their tokens. */
function inTokenOrder(places: Point[], boxes: Subgraph['boxes']): Point[] {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const middle = mean(places.map(([x]) => x));
  const centre = mean(boxes.map(({ position }) => position));
  const along = places.reduce((sum, [x], i) => sum + (x - middle) * (boxes[i].position - centre), 0);
  return along < 0 ? places.map(([x, y]) => [2 * middle - x, y]) : places;
}
