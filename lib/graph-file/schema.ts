/** What a node stands for. `attention` is a feature of an attention layer, `bias` a constant input. */
export const nodeKinds = ['feature', 'attention', 'error', 'token', 'logit', 'bias', 'unknown'] as const;

export type NodeKind = (typeof nodeKinds)[number];

/** `feature_type` as this library writes it. All transcoders go by the name of the cross-layer ones. */
export const featureTypes = {
  feature: 'cross layer transcoder',
  error: 'mlp reconstruction error',
  token: 'embedding',
  logit: 'logit',
} as const satisfies Partial<Record<NodeKind, string>>;

const kindsByType: ReadonlyMap<string, NodeKind> = new Map([
  [featureTypes.feature, 'feature'],
  ['per layer transcoder', 'feature'],
  ['transcoder', 'feature'],
  ['feature', 'feature'],
  ['unexplored node', 'feature'],
  ['lorsa', 'attention'],
  [featureTypes.error, 'error'],
  ['lorsa error', 'error'],
  ['error', 'error'],
  [featureTypes.token, 'token'],
  [featureTypes.logit, 'logit'],
  ['bias', 'bias'],
]);

/** The kind of a `feature_type`, in any writer's spelling. */
export function kindOfType(type: unknown): NodeKind {
  return (typeof type === 'string' && kindsByType.get(type.trim().toLowerCase())) || 'unknown';
}

export function isFeatureKind(kind: NodeKind): boolean {
  return kind === 'feature' || kind === 'attention';
}

/** One node of a graph file, as this library writes it. */
export interface NodeRecord {
  node_id: string;
  /** Feature: layer and index paired. Token: its position. Logit: its token id. Error: -1. */
  feature: number;
  /** `E` for tokens; one more than the number of layers for logits. */
  layer: string;
  /** Position in the prompt. */
  ctx_idx: number;
  feature_type: (typeof featureTypes)[keyof typeof featureTypes];
  /** Of a logit; 0 elsewhere. */
  token_prob: number;
  is_target_logit: boolean;
  run_idx: 0;
  reverse_ctx_idx: 0;
  /** A label older pages group by. Not unique; identity is `node_id`. */
  jsNodeId: string;
  /** Its label. */
  clerp: string;
  /** Share of all influence held by the node and the more influential ones: small is important. Null for logits. */
  influence: number | null;
  activation: number | null;
}

/** The direct effect of one node on another, by their `node_id`. */
export interface LinkRecord {
  source: string;
  target: string;
  weight: number;
}

/** `metadata` of a graph file, and the graph's entry in `graph-metadata.json`: what Neuronpedia's schema knows. */
export interface GraphMetadata {
  slug: string;
  /** Which transcoders; Neuronpedia's name of the model, in a file for it. */
  scan: string;
  /** One name per layer when `scan` is `custom-<hash>`, otherwise empty. */
  transcoder_list: readonly string[];
  prompt_tokens: readonly string[];
  prompt: string;
  /** Of the first page's files: shown before the prompt. */
  title_prefix?: string;
  node_threshold: number;
  /** 1: `feature` pairs layer and index. */
  schema_version: 1;
  generation_settings: Record<string, unknown>;
  pruning_settings: { node_threshold: number; edge_threshold: number };
  info: {
    generator: { name: string; version: string };
    description?: string;
    creator_name?: string;
    creator_url?: string;
    source_urls?: readonly string[];
    create_time_ms?: number;
    /** In a file for Neuronpedia: what `scan` is elsewhere. */
    transcoder_set?: string;
    neuronpedia_source_set?: string;
  };
  /** In a file for Neuronpedia: where its page finds dashboards. */
  feature_details?: { neuronpedia_source_set?: string; feature_json_base_url?: string };
}

/** Which links a page draws while nothing is selected: by the end that must be pinned. */
export type LinkType = 'input' | 'output' | 'either' | 'both';

/** `qParams`, the saved view. The fields from `view_version` on are those of this package's page alone. */
export interface QParams {
  pinnedIds: readonly string[];
  /** `[label, id, id, ...]` of each group. */
  supernodes: readonly (readonly string[])[];
  linkType: LinkType;
  /** A node id, `supernode-<index>`, or ''. */
  clickedId: string;
  /** Places of boxes in the older form, `x y x y ...` from 0 to 1000. */
  sg_pos: string;
  /** `[key, label]`: see `readLabelKey`. */
  clerps?: readonly (readonly [string, string])[];
  /** Nodes of a cumulative influence above it are hidden. */
  pruningThreshold?: number;
  /** Of Neuronpedia's page: errors are hidden. */
  claudeMode?: boolean;
  view_version?: 1;
  /** `[x, y]` by box. */
  positions?: Readonly<Record<string, readonly [x: number, y: number]>>;
  hideErrors?: boolean;
  topLinks?: number;
  minShare?: number;
  layout?: 'layered' | 'force';
}

/** All of a graph file `<slug>.json`. */
export interface GraphFile {
  metadata: GraphMetadata;
  qParams: QParams;
  nodes: readonly NodeRecord[];
  links: readonly LinkRecord[];
  /** Of this package alone: each node's own influence in the whole graph, by id; logits have none. */
  node_influence?: Readonly<Record<string, number>>;
}

/** The file in a folder of graph files that lists them: `{"graphs": [...]}`. */
export const graphListFile = 'graph-metadata.json';
