import type { Graph } from '../../core/graph/graph';
import type { LinkGraphLayout } from '../../core/layout/layout';

/**
 * The node that an arrow key leads to: left and right along the row, up and down to the nearest node of the next row
 * that is not empty. Home and End go to the ends of the row. Without a current node, the likeliest output.
 *
 * @returns undefined for other keys, or if there is no further node
 */
export function nextNode(graph: Graph, layout: LinkGraphLayout, node: number, key: string): number | undefined {
  if (!steps.has(key)) return undefined;
  const placed = Array.from(graph.kinds.keys()).filter((each) => !Number.isNaN(layout.x[each]));
  if (node < 0 || Number.isNaN(layout.x[node])) return highest(graph, placed);
  const row = placed.filter((each) => graph.row[each] === graph.row[node]).sort((a, b) => layout.x[a] - layout.x[b]);
  const place = row.indexOf(node);
  if (key === 'ArrowLeft') return row[place - 1];
  if (key === 'ArrowRight') return row[place + 1];
  if (key === 'Home') return row[0];
  if (key === 'End') return row.at(-1);
  return inNextRow(graph, layout, placed, node, key === 'ArrowUp' ? 1 : -1);
}

const steps: ReadonlySet<string> = new Set(['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown', 'Home', 'End']);

function highest(graph: Graph, placed: readonly number[]): number | undefined {
  return [...placed].sort((a, b) => graph.row[b] - graph.row[a] || graph.probability[b] - graph.probability[a])[0];
}

function inNextRow(graph: Graph, layout: LinkGraphLayout, placed: readonly number[], node: number, step: 1 | -1) {
  const away = (each: number) => (graph.row[each] - graph.row[node]) * step;
  const beyond = placed.filter((each) => away(each) > 0);
  const distance = (each: number) => Math.abs(layout.x[each] - layout.x[node]);
  return beyond.sort((a, b) => away(a) - away(b) || distance(a) - distance(b))[0];
}
