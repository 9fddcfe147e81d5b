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

/** A node whose id is made unique and whose layer and position are made sensible. */
interface ParsedNode extends Omit<FileNode, 'id' | 'layer' | 'position' | 'feature'> {
  id: string;
  layer: number;
  position: number;
  /** As in {@link Graph}. */
  readonly feature: number;
}

/** Beyond these, numbers are mistakes; drawing so many rows or columns would stop the page. */
const mostLayers = 1000;
const mostPositions = 100_000;

/** Nodes of a graph file by column, and how to find a node that a link names. */
export function parseNodes(
  file: Json,
  warnings: string[],
): NodeColumns & { indexOf: (id: string, end: 'source' | 'target') => number | undefined } {
  const given = readNodes(file);
  const nodes = given.filter(({ id }) => id !== '').map(parsedNode);
  warn(warnings, given.length - nodes.length, 'left out: no node_id.');
  if (nodes.length === 0) warnings.push('The graph has no nodes.');
  const indexOf = uniqueIds(nodes, warnings);
  settlePlaces(nodes, warnings);
  const lastLayer = nodes.reduce((last, { kind, layer }) => (kind === 'logit' ? last : Math.max(last, layer)), -1);
  for (const node of nodes) if (node.kind === 'logit') node.layer = lastLayer + 1;
  const tokens = tokenTexts(nodes, readMetadata(file).promptTokens ?? [], warnings);
  return { ...columns(nodes), tokens, nRows: lastLayer + 3, indexOf };
}

/** A number that can't be told to be an index is shown as it is. */
function parsedNode(node: FileNode): ParsedNode {
  const { feature, rawFeature } = node;
  return { ...node, feature: Number.isNaN(rawFeature) ? -1 : (feature ?? rawFeature) };
}

/**
 * Make ids unique. Where a feature and an error share an id, a link into it means the feature, as errors have no input;
 * a link out of it can't be told and goes to the first in the file.
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
  const consequence = 'with the id of another node; its links out may be shown at the first of them.';
  warn(warnings, repeated, consequence);
  return (id: string, end: 'source' | 'target') => (end === 'source' ? sources : targets).get(id);
}

function settlePlaces(nodes: ParsedNode[], warnings: string[]): void {
  let layers = 0;
  let positions = 0;
  for (const node of nodes) {
    const layer = settled(node.layer, -1, mostLayers);
    const position = settled(node.position, 0, mostPositions);
    if (layer !== node.layer && node.kind !== 'logit') layers++;
    if (position !== node.position) positions++;
    node.layer = layer;
    node.position = position;
  }
  warn(warnings, layers, 'without a sensible layer, shown at the nearest.');
  warn(warnings, positions, 'without a sensible position (ctx_idx), shown at the nearest.');
}

/** The nearest whole number from `least` to `most`; 0 for NaN. */
function settled(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, Math.round(value) || 0));
}

function tokenTexts(nodes: readonly ParsedNode[], given: readonly string[], warnings: string[]): string[] {
  const tokens = [...given];
  const needed = nodes.reduce((most, { position }) => Math.max(most, position + 1), 0);
  const outside = nodes.filter(({ position }) => position >= tokens.length).length;
  warn(warnings, outside, `at positions past the prompt's ${tokens.length} tokens.`);
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
