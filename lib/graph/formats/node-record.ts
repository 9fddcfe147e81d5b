import { cantorPair } from '../../graph-file/cantor';
import type { PrunedNode } from '../prune';

/** One node of a graph file. */
export interface NodeRecord {
  node_id: string;
  /** Feature: layer and index paired. Token: its position. Logit: its token id. Error: -1. */
  feature: number;
  layer: string;
  ctx_idx: number;
  feature_type: 'cross layer transcoder' | 'mlp reconstruction error' | 'embedding' | 'logit';
  token_prob: number;
  is_target_logit: boolean;
  run_idx: 0;
  reverse_ctx_idx: 0;
  /** A label older pages group by. Not unique; identity is `node_id`. */
  jsNodeId: string;
  clerp: string;
  influence: number | null;
  activation: number | null;
}

/** Numbers are the float32 values themselves, which JSON's shortest doubles give back exactly. */
export function nodeRecord(node: PrunedNode, nLayers: number): NodeRecord {
  return {
    node_id: node.id,
    feature: featureNumber(node),
    layer: layerName(node, nLayers),
    ctx_idx: node.position,
    feature_type: featureTypes[node.kind],
    token_prob: node.kind === 'logit' ? node.weight : 0,
    is_target_logit: node.kind === 'logit' && node.rank === 0,
    run_idx: 0,
    reverse_ctx_idx: 0,
    jsNodeId: jsNodeId(node),
    clerp: labelOf(node),
    influence: node.influence,
    activation: node.kind === 'feature' ? node.activation : null,
  };
}

function labelOf(node: PrunedNode): string {
  if (node.kind === 'logit') return `Output "${node.token}" (p=${threeDecimals(node.weight)})`;
  return node.kind === 'feature' ? (node.label ?? '') : '';
}

const featureTypes = {
  feature: 'cross layer transcoder',
  error: 'mlp reconstruction error',
  token: 'embedding',
  logit: 'logit',
} as const;

function layerName(node: PrunedNode, nLayers: number): string {
  if (node.kind === 'token') return 'E';
  return String(node.kind === 'logit' ? nLayers + 1 : node.layer);
}

function featureNumber(node: PrunedNode): number {
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

function jsNodeId(node: PrunedNode): string {
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

/** As C's printf rounds: ties, which are the odd sixteenths, go to the even digit, where toFixed rounds them up. */
export function threeDecimals(value: number): string {
  if (Math.abs(value * 16) % 2 !== 1) return value.toFixed(3);
  const lower = Math.floor(value * 1000);
  return ((lower + Math.abs(lower % 2)) / 1000).toFixed(3);
}
