/** A feature at one position of a prompt. */
export interface SelectedFeature {
  readonly layer: number;
  readonly position: number;
  readonly feature: number;
}

/** The parts that form the id of a node. */
export type NamedNode =
  | ({ readonly kind: 'feature' } & SelectedFeature)
  | { readonly kind: 'error'; readonly layer: number; readonly position: number }
  | { readonly kind: 'token'; readonly tokenId: number; readonly position: number }
  | { readonly kind: 'logit'; readonly tokenId: number; readonly position: number };

/** The content of a node's id from any writer. */
export type ParsedNodeId =
  | NamedNode
  | ({ readonly kind: 'attention' } & SelectedFeature)
  | { readonly kind: 'bias' | 'unknown'; readonly layer: number; readonly position: number }
  /** A feature with its position counted from the end of the prompt. Some writers always use 0. */
  | { readonly kind: 'featureFromEnd'; readonly layer: number; readonly feature: number; readonly fromEnd: number };

// The forms of ids in use:
//
//              this library                       Neuronpedia                          jsNodeId
//   feature    {layer}_{feature}_{position}       {layer}_cro_{feature}_{position}     {layer}_{feature}-{fromEnd}
//   attention                                     {layer}_lor_{feature}_{position}
//   error      {layer}_-1_{position}              {layer}_error_{mlp|attn}_{position}  {layer}_{position}-0
//   token      E_{tokenId}_{position}             the same                             E_{tokenId}-{position}
//   logit      {nLayers + 1}_{tokenId}_{position} {nLayers}_{tokenId}_{position}       L_{tokenId}-{position}
//   bias                                          {layer}_bias_{which}_{position}
//   unknown                                       {layer}_unknown_{which}_{position}
//
// The Python package writes the ids of this library, except for `0_{layer}_{position}` for errors. Three forms are
// ambiguous: this one and that of a logit look like a feature, and the jsNodeId of an error looks like that of a
// feature. If the node of the file is available, its `feature_type` decides; see `readNodes`.

export function featureId({ layer, feature, position }: SelectedFeature): string {
  return `${layer}_${feature}_${position}`;
}

/**
 * The id of a node in graph files. It is unique in a graph, and the same in every graph of a prompt.
 *
 * Feature `{layer}_{feature}_{position}`, error `{layer}_-1_{position}`, token `E_{tokenId}_{position}`, logit
 * `{nLayers + 1}_{tokenId}_{position}`.
 */
export function nodeId(node: NamedNode, nLayers: number): string {
  switch (node.kind) {
    case 'feature':
      return featureId(node);
    case 'error':
      return `${node.layer}_-1_${node.position}`;
    case 'token':
      return `E_${node.tokenId}_${node.position}`;
    case 'logit':
      return `${nLayers + 1}_${node.tokenId}_${node.position}`;
  }
}

/** `jsNodeId`, by which older pages group nodes. It is the same for a feature at all positions. */
export function jsNodeId(node: NamedNode): string {
  switch (node.kind) {
    case 'feature':
      return `${node.layer}_${node.feature}-0`;
    case 'error':
      return `${node.layer}_${node.position}-0`;
    case 'token':
      return `E_${node.tokenId}-${node.position}`;
    case 'logit':
      return `L_${node.tokenId}-${node.position}`;
  }
}

type Form = readonly [pattern: RegExp, read: (first: number, second: number, third: number) => ParsedNodeId];

const feature: Form[1] = (layer, feature, position) => ({ kind: 'feature', layer, feature, position });
const error: Form[1] = (layer, position) => ({ kind: 'error', layer, position });
const token: Form[1] = (tokenId, position) => ({ kind: 'token', tokenId, position });

const forms: readonly Form[] = [
  [/^(\d+)_(\d+)_(\d+)$/, feature],
  [/^(\d+)_-1_(\d+)$/, error],
  [/^E_(\d+)_(\d+)$/, token],
  [/^(\d+)_cro_(\d+)_(\d+)$/, feature],
  [/^(\d+)_lor_(\d+)_(\d+)$/, (layer, feature, position) => ({ kind: 'attention', layer, feature, position })],
  [/^(\d+)_error_(?:mlp|attn)_(\d+)$/, error],
  [/^(\d+)_bias_.+_(\d+)$/, (layer, position) => ({ kind: 'bias', layer, position })],
  [/^(\d+)_unknown_.+_(\d+)$/, (layer, position) => ({ kind: 'unknown', layer, position })],
  [/^(\d+)_(\d+)-(\d+)$/, (layer, feature, fromEnd) => ({ kind: 'featureFromEnd', layer, feature, fromEnd })],
  [/^E_(\d+)-(\d+)$/, token],
  [/^L_(\d+)-(\d+)$/, (tokenId, position) => ({ kind: 'logit', tokenId, position })],
];

/** Larger than any number in the ids of any writer. */
const longestId = 200;

/**
 * Read the id of a node in any form in use.
 *
 * @param nLayers of the model; ids with at least this layer are logits. Without it, a logit reads as a feature.
 * @returns undefined for a text that is not an id, or has a number beyond 2^53.
 */
export function parseNodeId(id: string, nLayers = Number.POSITIVE_INFINITY): ParsedNodeId | undefined {
  if (id.length > longestId) return undefined;
  for (const [pattern, read] of forms) {
    const numbers = pattern.exec(id)?.slice(1).map(Number);
    if (!numbers) continue;
    if (!numbers.every(Number.isSafeInteger)) return undefined;
    const [first = 0, second = 0, third = 0] = numbers;
    const node = read(first, second, third);
    if (node.kind !== 'feature' || node.layer < nLayers) return node;
    return { kind: 'logit', tokenId: node.feature, position: node.position };
  }
  return undefined;
}

/** The feature and position in an id. Undefined for other nodes. */
export function parseFeatureId(id: string): SelectedFeature | undefined {
  const node = parseNodeId(id);
  if (node?.kind !== 'feature') return undefined;
  const { layer, position, feature } = node;
  return { layer, position, feature };
}
