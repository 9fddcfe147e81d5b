import type { Json } from '../../../graph-file/json-values';
import { type FileNode, readMetadata, readNodes } from '../../../graph-file/read';
import type { Graph } from './graph';

type NodeColumns = Pick<
  Graph,
  | 'n'
  | 'ids'
  | 'aliases'
  | 'kinds'
  | 'layer'
  | 'row'
  | 'position'
  | 'feature'
  | 'rawFeature'
  | 'activation'
  | 'influence'
  | 'probability'
  | 'labels'
  | 'tokens'
  | 'nRows'
>;

/** A node with a unique id and a valid layer and position. */
interface ParsedNode extends Omit<FileNode, 'id' | 'layer' | 'position' | 'feature'> {
  id: string;
  layer: number;
  position: number;
  /** As in {@link Graph}. */
  readonly feature: number;
}

/** Larger numbers are mistakes. Drawing that many rows or columns would freeze the page. */
const maxLayers = 1000;
const maxPositions = 100_000;

/** The nodes of a graph file in columns, and a function that finds the node at the end of an edge. */
export function parseNodes(
  file: Json,
  warnings: string[],
): NodeColumns & { indexOf: (id: string, end: 'source' | 'target') => number | undefined } {
  const given = readNodes(file);
  const nodes = given.filter(({ id }) => id !== '').map(parsedNode);
  warn(warnings, given.length - nodes.length, 'omitted: no node_id.');
  if (nodes.length === 0) warnings.push('The graph has no nodes.');
  const indexOf = uniqueIds(nodes, warnings);
  settlePlaces(nodes, warnings);
  const lastLayer = nodes.reduce((last, { kind, layer }) => (kind === 'logit' ? last : Math.max(last, layer)), -1);
  for (const node of nodes) if (node.kind === 'logit') node.layer = lastLayer + 1;
  const tokens = tokenTexts(nodes, readMetadata(file).promptTokens ?? [], warnings);
  return { ...columns(nodes), tokens, nRows: lastLayer + 3, indexOf };
}

/** A number that may or may not be an index is shown unchanged. */
function parsedNode(node: FileNode): ParsedNode {
  const { feature, rawFeature } = node;
  return { ...node, feature: Number.isNaN(rawFeature) ? -1 : (feature ?? rawFeature) };
}

/**
 * Make ids unique. If a feature and an error share an id, an edge into it belongs to the feature, because errors have
 * no input. An edge out of it is ambiguous and is assigned to the first in the file.
 */
function uniqueIds(nodes: ParsedNode[], warnings: string[]) {
  const sources = new Map<string, number>();
  const targets = new Map<string, number>();
  const seen = new Map<string, number>();
  let repeated = 0;
  for (const [index, node] of nodes.entries()) {
    const { id, kind } = node;
    const times = (seen.get(id) ?? 0) + 1;
    seen.set(id, times);
    if (times === 1) sources.set(id, index);
    const known = targets.get(id);
    if (known === undefined || (nodes[known].kind === 'error' && kind !== 'error')) targets.set(id, index);
    if (times === 1) continue;
    repeated++;
    node.id = `${id}#${times}`;
  }
  const consequence = 'with the id of another node. Edges out of it may be shown at the first node with that id.';
  warn(warnings, repeated, consequence);
  return (id: string, end: 'source' | 'target') => (end === 'source' ? sources : targets).get(id);
}

function settlePlaces(nodes: ParsedNode[], warnings: string[]): void {
  let layers = 0;
  let positions = 0;
  for (const node of nodes) {
    const layer = settled(node.layer, -1, maxLayers);
    const position = settled(node.position, 0, maxPositions);
    if (layer !== node.layer && node.kind !== 'logit') layers++;
    if (position !== node.position) positions++;
    node.layer = layer;
    node.position = position;
  }
  warn(warnings, layers, 'without a valid layer, shown at the nearest valid one.');
  warn(warnings, positions, 'without a valid position (ctx_idx), shown at the nearest valid one.');
}

/** The nearest whole number from `least` to `most`. 0 for NaN. */
function settled(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, Math.round(value) || 0));
}

function tokenTexts(nodes: readonly ParsedNode[], given: readonly string[], warnings: string[]): string[] {
  const tokens = [...given];
  const needed = nodes.reduce((most, { position }) => Math.max(most, position + 1), 0);
  const outside = nodes.filter(({ position }) => position >= tokens.length).length;
  warn(warnings, outside, `at positions after the ${tokens.length} tokens of the prompt.`);
  while (tokens.length < needed) tokens.push('');
  return tokens;
}

function warn(warnings: string[], amount: number, what: string): void {
  if (amount > 0) warnings.push(`${amount.toLocaleString('en')} node${amount === 1 ? '' : 's'} ${what}`);
}

function columns(nodes: readonly ParsedNode[]): Omit<NodeColumns, 'tokens' | 'nRows'> {
  return {
    n: nodes.length,
    ids: nodes.map(({ id }) => id),
    aliases: nodes.map(({ alias }) => alias),
    kinds: nodes.map(({ kind }) => kind),
    labels: nodes.map(({ label }) => label),
    layer: Int32Array.from(nodes, ({ layer }) => layer),
    row: Int32Array.from(nodes, ({ layer }) => layer + 1),
    position: Int32Array.from(nodes, ({ position }) => position),
    feature: Float64Array.from(nodes, ({ feature }) => feature),
    rawFeature: Float64Array.from(nodes, ({ rawFeature }) => rawFeature),
    activation: Float64Array.from(nodes, ({ activation }) => activation),
    influence: Float64Array.from(nodes, ({ influence }) => influence),
    probability: Float64Array.from(nodes, ({ probability }) => probability),
  };
}
