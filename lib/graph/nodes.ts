import { labelKey } from '../graph-file/labels';
import { nodeId } from '../graph-file/node-id';
import { checkInteger } from '../validate';
import type { GraphData } from './graph-data';

export { type NamedNode, nodeId } from '../graph-file/node-id';

/** A transcoder feature that is active at one position. */
export interface FeatureNode {
  readonly kind: 'feature';
  /** The index among the graph's M nodes. */
  readonly index: number;
  /** The id in graph files: unique in the graph, and the same in every graph of the prompt. */
  readonly id: string;
  readonly layer: number;
  readonly position: number;
  /** The index of the feature in its layer's transcoder. */
  readonly feature: number;
  readonly activation: number;
  /** The label, if known. */
  readonly label?: string;
}

/** The part of the MLP output at one layer and position that the transcoder does not reconstruct. */
export interface ErrorNode {
  readonly kind: 'error';
  /** Only features have labels. */
  readonly label?: undefined;
  readonly index: number;
  readonly id: string;
  readonly layer: number;
  readonly position: number;
}

/** The embedding of one prompt token. */
export interface TokenNode {
  readonly kind: 'token';
  /** Only features have labels. */
  readonly label?: undefined;
  readonly index: number;
  readonly id: string;
  readonly position: number;
  readonly tokenId: number;
  readonly token: string;
}

/** A target that the graph explains, at the last position unless requested elsewhere. */
export interface LogitNode {
  readonly kind: 'logit';
  /** Only features have labels. */
  readonly label?: undefined;
  readonly index: number;
  readonly id: string;
  readonly position: number;
  /** The index among the targets. 0 is the first and, by default, the likeliest. */
  readonly rank: number;
  readonly tokenId: number;
  readonly token: string;
  /** The weight in influence, from 0 to 1. For a token, the default is its probability in the model. */
  readonly weight: number;
}

export type GraphNode = FeatureNode | ErrorNode | TokenNode | LogitNode;

/** The index of the first node of each kind. Selected features start at 0. */
export interface NodeRanges {
  readonly errorStart: number;
  readonly tokenStart: number;
  readonly logitStart: number;
  /** M, the number of nodes. */
  readonly end: number;
}

export function nodeRanges({ selectedFeatures, model, tokens, logits }: GraphData): NodeRanges {
  const errorStart = selectedFeatures.length;
  const tokenStart = errorStart + model.nLayers * tokens.length;
  const logitStart = tokenStart + tokens.length;
  return { errorStart, tokenStart, logitStart, end: logitStart + logits.length };
}

/** @throws CircuitTracerError `ERR_INVALID_ARGUMENT` unless `index` is the index of a node in the graph. */
export function nodeAt(data: GraphData, ranges: NodeRanges, index: number): GraphNode {
  checkInteger(index, 'node index', 0, ranges.end - 1);
  const node = nameless(data, ranges, index);
  return { ...node, id: nodeId(node, data.model.nLayers) } as GraphNode;
}

type Nameless<Node> = Node extends unknown ? Omit<Node, 'id'> : never;

function nameless(data: GraphData, ranges: NodeRanges, index: number): Nameless<GraphNode> {
  if (index >= ranges.logitStart) return logitNode(data, index, index - ranges.logitStart);
  if (index >= ranges.tokenStart) return tokenNode(data, index, index - ranges.tokenStart);
  if (index >= ranges.errorStart) return errorNode(data, index, index - ranges.errorStart);
  return featureNode(data, index);
}

function featureNode(data: GraphData, index: number): Nameless<FeatureNode> {
  const { activeFeatures, activationValues, selectedFeatures, featureLabels } = data;
  const active = selectedFeatures[index] as number;
  const [layer, position, feature] = activeFeatures.subarray(3 * active, 3 * active + 3) as unknown as [
    number,
    number,
    number,
  ];
  const label = featureLabels?.[labelKey({ layer, feature })];
  const node = { index, layer, position, feature, activation: activationValues[active] as number };
  return { kind: 'feature', ...node, ...(label !== undefined && { label }) };
}

function errorNode({ tokens }: GraphData, index: number, offset: number): Nameless<ErrorNode> {
  return { kind: 'error', index, layer: Math.floor(offset / tokens.length), position: offset % tokens.length };
}

function tokenNode({ tokens, tokenStrings }: GraphData, index: number, position: number): Nameless<TokenNode> {
  const tokenId = tokens[position] as number;
  return { kind: 'token', index, position, tokenId, token: tokenStrings[position] as string };
}

function logitNode({ logits, tokens }: GraphData, index: number, rank: number): Nameless<LogitNode> {
  const { tokenId, token, weight, position } = logits[rank] as GraphData['logits'][number];
  return { kind: 'logit', index, position: position ?? tokens.length - 1, rank, tokenId, token, weight };
}

/**
 * A short text for a node in a terminal: `L3 #120 @5 " Dallas"`, `error L2 @4 " of"`, `token " Dallas" @5`, `output "
 * Austin" p=0.610`. Control characters in tokens are escaped.
 */
export function nodeLabel(node: GraphNode, tokenStrings: readonly string[]): string {
  switch (node.kind) {
    case 'feature':
      return `L${node.layer} #${node.feature}${node.label === undefined ? '' : ` ${escaped(node.label)}`} @${node.position} ${quoted(tokenStrings[node.position] ?? '')}`;
    case 'error':
      return `error L${node.layer} @${node.position} ${quoted(tokenStrings[node.position] ?? '')}`;
    case 'token':
      return `token ${quoted(node.token)} @${node.position}`;
    case 'logit':
      return `output ${quoted(node.token)} p=${node.weight.toFixed(3)}`;
  }
}

function escaped(label: string): string {
  return quoted(label).slice(1, -1);
}

/** JSON escapes only C0 controls. DEL, C1 and direction overrides can disturb a terminal as well. */
function quoted(token: string): string {
  return JSON.stringify(token).replace(
    /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
