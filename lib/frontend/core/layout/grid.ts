/** A uniform grid over points, to find the nearest one without checking them all. */
export interface Grid {
  readonly x: Float32Array;
  readonly y: Float32Array;
  readonly cell: number;
  readonly across: number;
  readonly down: number;
  /** [across * down + 1] */
  readonly start: Int32Array;
  readonly items: Int32Array;
}

const cellSize = 16;

/** @param x and y of each point; NaN for points that are never found */
export function makeGrid(x: Float32Array, y: Float32Array, width: number, height: number): Grid {
  const across = Math.max(1, Math.ceil(width / cellSize));
  const down = Math.max(1, Math.ceil(height / cellSize));
  const cellOf = (item: number) => clamp(y[item], down) * across + clamp(x[item], across);
  const start = new Int32Array(across * down + 1);
  for (let item = 0; item < x.length; item++) if (!Number.isNaN(x[item])) start[cellOf(item) + 1]++;
  for (let cell = 0; cell < across * down; cell++) start[cell + 1] += start[cell];
  const items = new Int32Array(start[across * down]);
  const next = start.slice();
  for (let item = 0; item < x.length; item++) if (!Number.isNaN(x[item])) items[next[cellOf(item)]++] = item;
  return { x, y, cell: cellSize, across, down, start, items };
}

function clamp(coordinate: number, cells: number): number {
  return Math.min(cells - 1, Math.max(0, Math.floor(coordinate / cellSize)));
}

/** The nearest point within `radius`, or -1. */
export function nearest(grid: Grid, x: number, y: number, radius: number): number {
  const { across, down, start, items } = grid;
  let best = -1;
  let distance = radius * radius;
  for (let row = clamp(y - radius, down); row <= clamp(y + radius, down); row++) {
    for (let column = clamp(x - radius, across); column <= clamp(x + radius, across); column++) {
      const cell = row * across + column;
      for (let place = start[cell]; place < start[cell + 1]; place++) {
        const away = (grid.x[items[place]] - x) ** 2 + (grid.y[items[place]] - y) ** 2;
        if (away > distance || (away === distance && best >= 0)) continue;
        best = items[place];
        distance = away;
      }
    }
  }
  return best;
}
