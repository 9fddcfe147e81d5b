import { cantorPair, cantorUnpair } from '../../../graph-file/cantor';
import type { Graph } from './graph';
import { type Json, list, number, record, text } from './json';
import { isFeatureKind, kindOfType, type NodeKind } from './node-kind';

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

interface ParsedNode {
  id: string;
  alias: string;
  kind: NodeKind;
  layer: number;
  position: number;
  feature: number;
  rawFeature: number;
  activation: number;
  influence: number;
  probability: number;
  label: string;
}

/** Beyond these, numbers are mistakes; drawing so many rows or columns would stop the page. */
const mostLayers = 1000;
const mostPositions = 100_000;

/** Nodes of a graph file by column, and how to find a node that a link names. */
export function parseNodes(
  given: readonly unknown[],
  metadata: Json,
  warnings: string[],
): NodeColumns & { indexOf: (id: string, end: 'source' | 'target') => number | undefined } {
  const schema = number(metadata.schema_version) ?? 0;
  const nodes = given.map(record).flatMap((raw) => (text(raw.node_id) === '' ? [] : [parseNode(raw, schema)]));
  warn(warnings, given.length - nodes.length, 'left out: no node_id.');
  if (nodes.length === 0) warnings.push('The graph has no nodes.');
  const indexOf = uniqueIds(nodes, warnings);
  settlePlaces(nodes, warnings);
  const lastLayer = nodes.reduce((last, { kind, layer }) => (kind === 'logit' ? last : Math.max(last, layer)), -1);
  for (const node of nodes) if (node.kind === 'logit') node.layer = lastLayer + 1;
  const tokens = tokenTexts(nodes, metadata, warnings);
  return { ...columns(nodes), tokens, nRows: lastLayer + 3, indexOf };
}

function parseNode(raw: Json, schema: number): ParsedNode {
  const kind = kindOf(raw);
  const layer = kind === 'token' ? -1 : (number(raw.layer) ?? Number.NaN);
  const rawFeature = number(raw.feature) ?? Number.NaN;
  const label = text(raw.clerp);
  return {
    id: text(raw.node_id),
    alias: text(raw.jsNodeId),
    kind,
    layer,
    position: number(raw.ctx_idx) ?? Number.NaN,
    feature: featureIndex(kind, layer, rawFeature, text(raw.node_id), schema),
    rawFeature,
    activation: number(raw.activation) ?? Number.NaN,
    influence: number(raw.influence) ?? Number.NaN,
    probability: kind === 'logit' ? (number(raw.token_prob) ?? probabilityIn(label)) : 0,
    label,
  };
}

function kindOf(raw: Json): NodeKind {
  const kind = kindOfType(raw.feature_type);
  if (kind !== 'unknown') return kind;
  if (raw.isLogit === true || raw.layer === 'E1') return 'logit';
  return raw.layer === 'E' ? 'token' : 'unknown';
}

/**
 * Index of a feature in its layer's dictionary. With schema 1, or where the node's id says the same, `feature` pairs
 * layer and index; otherwise it is the index, or what some writer packed, and is shown as it is.
 */
function featureIndex(kind: NodeKind, layer: number, raw: number, id: string, schema: number): number {
  if (Number.isNaN(raw)) return -1;
  if (!isFeatureKind(kind)) return raw;
  const unpaired = cantorUnpair(raw);
  const fits = unpaired?.layer === layer;
  const [, idLayer, idIndex] = /^(\d+)_(\d+)_\d+$/.exec(id) ?? [];
  const idAgrees = idIndex !== undefined && cantorPair(Number(idLayer), Number(idIndex)) === raw;
  return unpaired && fits && (schema >= 1 || idAgrees) ? unpaired.index : raw;
}

/** Probability in a label such as `Output " salt" (p=0.123)`; 0 without. */
function probabilityIn(label: string): number {
  return number(/\(p=([^)]*)\)/.exec(label)?.[1]) ?? 0;
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

function tokenTexts(nodes: readonly ParsedNode[], metadata: Json, warnings: string[]): string[] {
  const tokens = list(metadata.prompt_tokens).map((token) => (typeof token === 'string' ? token : String(token)));
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
