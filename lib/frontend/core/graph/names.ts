import { tokenOfOutputLabel } from '../../../graph-file/output-label';
import { isFeatureKind, type NodeKind } from '../../../graph-file/schema';
import { visibleToken } from './format';
import type { Graph } from './graph';

/** The names of kinds in lists and the legend. */
export const kindTitles: Readonly<Record<NodeKind, string>> = {
  feature: 'Feature',
  attention: 'Attention feature',
  error: 'Error',
  token: 'Token',
  logit: 'Output',
  bias: 'Bias',
  unknown: 'Unknown',
};

/** The label from the reader, or else from the file. */
export function labelOf(graph: Graph, node: number, labels: Readonly<Record<string, string>>): string {
  return labels[graph.ids[node]] ?? graph.labels[node];
}

/** The text for a node in a list: its label, its token, or its position. Never empty. */
export function titleOf(graph: Graph, node: number, labels: Readonly<Record<string, string>> = {}): string {
  const label = labelOf(graph, node, labels).trim();
  const token = graph.kinds[node] === 'logit' && labels[graph.ids[node]] === undefined && tokenOfOutputLabel(label);
  if (token) return `Output “${visibleToken(token).trim()}”`;
  return label || plainName(graph, node);
}

/** `L3 #120`, `Error L2` or `Token " salt"`, regardless of the label. */
export function plainName(graph: Graph, node: number): string {
  const kind = graph.kinds[node];
  const token = visibleToken(graph.tokens[graph.position[node]]).trim();
  if (kind === 'token') return `Token “${token}”`;
  if (kind === 'logit') return `Output ${graph.feature[node] < 0 ? '' : `#${graph.feature[node]}`}`.trim();
  if (isFeatureKind(kind)) return `L${graph.layer[node]} #${graph.feature[node]}`;
  return `${kindTitles[kind]} L${graph.layer[node]}`;
}

/** The short name of a row of the link graph: Emb, L0 ..., Out. */
export function rowName(graph: Graph, row: number): string {
  if (row === 0) return 'Emb';
  return row === graph.nRows - 1 ? 'Out' : `L${row - 1}`;
}

/** Formats a token and its position: `“ salt” at 11`. */
export function placeName(graph: Graph, node: number): string {
  const position = graph.position[node];
  return `“${visibleToken(graph.tokens[position])}” at ${position}`;
}

/** The name of a node's own influence, which is that in the whole graph or, for files of other writers, in the file. */
export function influenceName({ influenceOf }: Graph): string {
  return influenceOf === 'graph' ? 'influence' : 'influence within the file';
}

/** `rank 2 of 19`. Empty for outputs. */
export function rankName({ influenceRank, kinds }: Graph, node: number): string {
  const outputs = kinds.reduce((sum, kind) => sum + Number(kind === 'logit'), 0);
  return influenceRank[node] === 0 ? '' : `rank ${influenceRank[node]} of ${kinds.length - outputs}`;
}

/** The token of a node. For an output, the text between the first quotes of its label. */
export function outputToken(graph: Graph, node: number): string {
  return tokenOfOutputLabel(graph.labels[node]) ?? graph.labels[node];
}
