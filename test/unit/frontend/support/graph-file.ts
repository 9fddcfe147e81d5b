import { parseGraph } from '../../../../lib/frontend/core/graph/parse';

type Fields = Record<string, unknown>;

/** Nodes as the library and the pages it is compatible with write them. */
export const node = {
  feature: (layer: number, index: number, position: number, more: Fields = {}) => ({
    node_id: `${layer}_${index}_${position}`,
    jsNodeId: `${layer}_${index}-0`,
    feature: ((layer + index) * (layer + index + 1)) / 2 + index,
    layer: String(layer),
    ctx_idx: position,
    feature_type: 'cross layer transcoder',
    clerp: '',
    influence: 0.5,
    activation: 1.5,
    ...more,
  }),
  error: (layer: number, position: number, more: Fields = {}) => ({
    node_id: `error_${layer}_${position}`,
    jsNodeId: `${layer}_${position}-0`,
    feature: -1,
    layer: String(layer),
    ctx_idx: position,
    feature_type: 'mlp reconstruction error',
    clerp: '',
    influence: 0.7,
    ...more,
  }),
  token: (vocabulary: number, position: number, more: Fields = {}) => ({
    node_id: `E_${vocabulary}_${position}`,
    jsNodeId: `E_${vocabulary}-${position}`,
    feature: position,
    layer: 'E',
    ctx_idx: position,
    feature_type: 'embedding',
    clerp: '',
    influence: 0.4,
    ...more,
  }),
  logit: (vocabulary: number, position: number, probability: number, token: string, more: Fields = {}) => ({
    node_id: `9_${vocabulary}_${position}`,
    jsNodeId: `L_${vocabulary}-${position}`,
    feature: vocabulary,
    layer: '9',
    ctx_idx: position,
    feature_type: 'logit',
    token_prob: probability,
    clerp: `Output "${token}" (p=${probability.toFixed(3)})`,
    influence: null,
    ...more,
  }),
};

export const link = (source: { node_id: string }, target: { node_id: string }, weight: number) => ({
  source: source.node_id,
  target: target.node_id,
  weight,
});

export interface FileParts {
  metadata?: Fields;
  qParams?: unknown;
  nodes: readonly unknown[];
  links: readonly unknown[];
}

export function graphFile({ metadata, ...parts }: FileParts) {
  return {
    metadata: {
      slug: 'x',
      scan: 'test',
      prompt: 'a salt',
      prompt_tokens: ['a', ' salt'],
      node_threshold: 0.8,
      schema_version: 1,
      ...metadata,
    },
    ...parts,
  };
}

export const parsed = (parts: FileParts) => parseGraph(graphFile(parts));

/** Two tokens, features of three layers, an error, two outputs. */
export function smallParts() {
  const nodes = {
    a: node.token(3, 0),
    salt: node.token(5, 1),
    low: node.feature(0, 7, 1, { influence: 0.3 }),
    middle: node.feature(1, 2, 1, { influence: 0.45, clerp: 'the sea' }),
    middleToo: node.feature(1, 4, 1, { influence: 0.6 }),
    high: node.feature(2, 9, 1, { influence: 0.75 }),
    error: node.error(1, 1),
    water: node.logit(11, 1, 0.6, ' water'),
    lake: node.logit(12, 1, 0.2, ' lake'),
  };
  const links = [
    link(nodes.a, nodes.low, 1),
    link(nodes.salt, nodes.low, 3),
    link(nodes.low, nodes.middle, 2),
    link(nodes.salt, nodes.middle, -2),
    link(nodes.low, nodes.middleToo, 1),
    link(nodes.middle, nodes.high, 3),
    link(nodes.middleToo, nodes.high, 1),
    link(nodes.error, nodes.high, -1),
    link(nodes.high, nodes.water, 4),
    link(nodes.middle, nodes.water, 4),
    link(nodes.error, nodes.lake, 1),
    link(nodes.high, nodes.lake, -1),
  ];
  return { nodes, links };
}

export function small(more: Partial<FileParts> = {}) {
  const { nodes, links } = smallParts();
  const file = parsed({ nodes: Object.values(nodes), links, ...more });
  const names = Object.keys(nodes) as (keyof typeof nodes)[];
  const at = Object.fromEntries(names.map((name, i) => [name, i])) as Record<keyof typeof nodes, number>;
  return { ...file, nodes, at };
}
