import type { Graph } from '../graph/graph';
import { labelOf, outputToken } from '../graph/names';
import { groupOfNode, type View } from './view';

/** All nodes as CSV, one per line. Missing numbers are empty. */
export function nodesCsv(graph: Graph, view: View, shown: Uint8Array): string {
  const pins = new Set(view.pins);
  const rows = Array.from({ length: graph.n }, (_, node) => [
    text(graph.ids[node]),
    graph.kinds[node],
    String(graph.layer[node]),
    graph.feature[node] < 0 ? '' : String(graph.feature[node]),
    String(graph.position[node]),
    text(graph.kinds[node] === 'logit' ? outputToken(graph, node) : graph.tokens[graph.position[node]]),
    text(labelOf(graph, node, view.labels)),
    number(graph.activation[node]),
    number(graph.ownInfluence[node]),
    graph.influenceRank[node] === 0 ? '' : String(graph.influenceRank[node]),
    number(graph.influence[node]),
    graph.kinds[node] === 'logit' ? number(graph.probability[node]) : '',
    number(graph.errorShare[node]),
    flag(shown[node] === 1),
    flag(pins.has(graph.ids[node])),
    text(groupOfNode(view, graph.ids[node])?.label ?? ''),
  ]);
  return csv([nodeColumns, ...rows]);
}

const nodeColumns = [
  'id',
  'kind',
  'layer',
  'feature',
  'position',
  'token',
  'label',
  'activation',
  'influence',
  'influence_rank',
  'cumulative_influence',
  'probability',
  'error_share',
  'shown',
  'pinned',
  'group',
];

/** All edges as CSV: signed weights, and shares of the target's input within the file. */
export function linksCsv(graph: Graph): string {
  const rows = Array.from({ length: graph.m }, (_, link) => [
    text(graph.ids[graph.source[link]]),
    text(graph.ids[graph.target[link]]),
    String(graph.weight[link]),
    String(graph.share[link]),
  ]);
  return csv([['source', 'target', 'weight', 'share'], ...rows]);
}

function number(value: number): string {
  return Number.isFinite(value) ? String(value) : '';
}

function flag(value: boolean): string {
  return value ? '1' : '0';
}

/** Prefix text that a spreadsheet would read as a formula with an apostrophe. */
function text(value: string): string {
  return /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
}

function csv(rows: readonly (readonly string[])[]): string {
  return `${rows.map((row) => row.map(quoted).join(',')).join('\r\n')}\r\n`;
}

function quoted(cell: string): string {
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
