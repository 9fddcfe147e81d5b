import type { Graph } from '../graph/graph';

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** The coordinates of the nodes in the link graph. NaN for hidden nodes. */
export interface LinkGraphLayout {
  readonly x: Float32Array;
  readonly y: Float32Array;
  /** [tokens + 1] the left edges of the columns, and the right edge of the last. */
  readonly columns: Float32Array;
  /** The height of a row. Row r is between bottom - (r + 1) * rowHeight and bottom - r * rowHeight. */
  readonly rowHeight: number;
  readonly size: Size;
}

const comfortableStep = 20;
const margin = 8;
/** The distance between token names if there is room. */
const minColumnWidth = 22;

/**
 * One column per token, one row per layer. The width of a column is proportional to its fullest cell, plus a minimum
 * width for its name. In a cell, nodes are packed from the right edge leftwards:
 *
 *   step = min(max(20, least over columns of (width - pad) / fullest cell), (own width - pad) / nodes of the cell)
 *   x = right edge - pad / 2 - step / 2 - rank * step
 *
 * Outputs are ranked by probability, with the likeliest at the right, other nodes by influence.
 */
export function layoutLinkGraph(graph: Graph, shown: Uint8Array, size: Size): LinkGraphLayout {
  const cells = fillCells(graph, shown);
  const fullest = new Float32Array(graph.tokens.length).fill(1);
  for (const [key, nodes] of cells) {
    const position = key % graph.tokens.length;
    fullest[position] = Math.max(fullest[position], nodes.length);
  }
  const columns = columnEdges(fullest, size.width);
  const widths = fullest.map((_, position) => columns[position + 1] - columns[position]);
  const pad = Math.min(margin, Math.min(...widths) / 2);
  const common = Math.max(
    comfortableStep,
    Math.min(...widths.map((width, position) => (width - pad) / fullest[position])),
  );
  const rowHeight = size.height / Math.max(1, graph.nRows);
  const x = new Float32Array(graph.n).fill(Number.NaN);
  const y = new Float32Array(graph.n).fill(Number.NaN);
  for (const [key, nodes] of cells) {
    const position = key % graph.tokens.length;
    const step = Math.min(common, (widths[position] - pad) / nodes.length);
    nodes.forEach((node, rank) => {
      x[node] = columns[position + 1] - pad / 2 - step / 2 - rank * step;
      y[node] = size.height - (graph.row[node] + 0.5) * rowHeight;
    });
  }
  return { x, y, columns, rowHeight, size };
}

/** Nodes by cell, key = row * tokens + position, sorted by rank. */
function fillCells(graph: Graph, shown: Uint8Array): Map<number, number[]> {
  const cells = new Map<number, number[]>();
  for (let node = 0; node < graph.n; node++) {
    if (!shown[node]) continue;
    const key = graph.row[node] * graph.tokens.length + graph.position[node];
    const cell = cells.get(key);
    if (cell) cell.push(node);
    else cells.set(key, [node]);
  }
  for (const cell of cells.values()) cell.sort((a, b) => compareInCell(graph, a, b));
  return cells;
}

function compareInCell(graph: Graph, a: number, b: number): number {
  const byProbability = graph.probability[b] - graph.probability[a];
  return byProbability || orLast(graph.influence[a]) - orLast(graph.influence[b]) || a - b;
}

function orLast(influence: number): number {
  return Number.isNaN(influence) ? 2 : influence;
}

function columnEdges(fullest: Float32Array, width: number): Float32Array {
  const total = fullest.reduce((sum, count) => sum + count, 0);
  const edges = new Float32Array(fullest.length + 1);
  const least = Math.min(minColumnWidth, width / (2 * fullest.length));
  const free = width - least * fullest.length;
  for (const [position, count] of fullest.entries())
    edges[position + 1] = edges[position] + least + (count / total) * free;
  return edges;
}
