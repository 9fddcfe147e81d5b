import { cantorPair } from './cantor';
import { jsNodeId, type NamedNode, nodeId } from './node-id';
import { outputLabel } from './output-label';
import { featureTypes, type NodeRecord } from './schema';

/** The fields of a node in a graph file, besides the parts of its id. */
export type RecordedNode = NamedNode & {
  /** Cumulative, null for a logit. */
  readonly influence: number | null;
} & (
    | { readonly kind: 'feature'; readonly activation: number; readonly label?: string | undefined }
    | { readonly kind: 'logit'; readonly token: string; readonly weight: number; readonly rank: number }
    | { readonly kind: 'error' | 'token' }
  );

/** Numbers are the exact float32 values. The shortest doubles in JSON preserve them. */
export function nodeRecord(node: RecordedNode, nLayers: number): NodeRecord {
  return {
    node_id: nodeId(node, nLayers),
    feature: featureNumber(node),
    layer: layerName(node, nLayers),
    ctx_idx: node.position,
    feature_type: featureTypes[node.kind],
    token_prob: node.kind === 'logit' ? node.weight : 0,
    is_target_logit: node.kind === 'logit' && node.rank === 0,
    run_idx: 0,
    reverse_ctx_idx: 0,
    jsNodeId: jsNodeId(node),
    clerp: nodeLabel(node),
    influence: node.influence,
    activation: node.kind === 'feature' ? node.activation : null,
  };
}

function nodeLabel(node: RecordedNode): string {
  if (node.kind === 'logit') return outputLabel(node.token, node.weight);
  return node.kind === 'feature' ? (node.label ?? '') : '';
}

function layerName(node: RecordedNode, nLayers: number): string {
  if (node.kind === 'token') return 'E';
  return String(node.kind === 'logit' ? nLayers + 1 : node.layer);
}

function featureNumber(node: RecordedNode): number {
  switch (node.kind) {
    case 'feature':
      return cantorPair(node.layer, node.feature);
    case 'error':
      return -1;
    case 'token':
      return node.position;
    case 'logit':
      return node.tokenId;
  }
}
