/** What a node stands for. `attention` is a feature of an attention layer, `bias` a constant input. */
export const nodeKinds = ['feature', 'attention', 'error', 'token', 'logit', 'bias', 'unknown'] as const;

export type NodeKind = (typeof nodeKinds)[number];

/** Names in lists and the legend. */
export const kindTitles: Readonly<Record<NodeKind, string>> = {
  feature: 'Feature',
  attention: 'Attention feature',
  error: 'Error',
  token: 'Token',
  logit: 'Output',
  bias: 'Bias',
  unknown: 'Unknown',
};

const ofType: Readonly<Record<string, NodeKind>> = {
  'cross layer transcoder': 'feature',
  'per layer transcoder': 'feature',
  transcoder: 'feature',
  feature: 'feature',
  'unexplored node': 'feature',
  lorsa: 'attention',
  'mlp reconstruction error': 'error',
  'lorsa error': 'error',
  error: 'error',
  embedding: 'token',
  logit: 'logit',
  bias: 'bias',
};

/** Kind of a `feature_type` of a graph file, in any writer's spelling. */
export function kindOfType(type: unknown): NodeKind {
  return (typeof type === 'string' && ofType[type.trim().toLowerCase()]) || 'unknown';
}

export function isFeatureKind(kind: NodeKind): boolean {
  return kind === 'feature' || kind === 'attention';
}
