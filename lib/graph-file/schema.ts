/** The kind of a node. `attention` is a feature of an attention layer, `bias` a constant input. */
export const nodeKinds = ['feature', 'attention', 'error', 'token', 'logit', 'bias', 'unknown'] as const;

export type NodeKind = (typeof nodeKinds)[number];

/** The `feature_type` that this library writes. All transcoders use that of cross-layer transcoders. */
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

/** The kind for a `feature_type`, in any writer's spelling. */
export function kindOfType(type: unknown): NodeKind {
  return (typeof type === 'string' && kindsByType.get(type.trim().toLowerCase())) || 'unknown';
}

export function isFeatureKind(kind: NodeKind): boolean {
  return kind === 'feature' || kind === 'attention';
}

/** A node of a graph file as this library writes it. */
export interface NodeRecord {
  node_id: string;
  /** For a feature, layer and index paired. For a token, its position. For a logit, its token id. For an error, -1. */
  feature: number;
  /** `E` for tokens. For logits, the number of layers plus one. */
  layer: string;
  /** The position in the prompt. */
  ctx_idx: number;
  feature_type: (typeof featureTypes)[keyof typeof featureTypes];
  /** For a logit. 0 for other nodes. */
  token_prob: number;
  is_target_logit: boolean;
  run_idx: 0;
  reverse_ctx_idx: 0;
  /** A label by which older pages group nodes. Not unique; `node_id` identifies the node. */
  jsNodeId: string;
  /** The label of the node. */
  clerp: string;
  /** The share of all influence held by the node and all more influential ones. Small is important. Null for logits. */
  influence: number | null;
  activation: number | null;
}

/** An edge: the direct effect of one node on another, by their `node_id`. */
export interface LinkRecord {
  source: string;
  target: string;
  weight: number;
}

/**
 * The `metadata` of a graph file and the graph's entry in `graph-metadata.json`. The fields are those of Neuronpedia's
 * schema.
 */
export interface GraphMetadata {
  slug: string;
  /** The name of the transcoders. In a file for Neuronpedia, its name of the model. */
  scan: string;
  /** One name per layer when `scan` is `custom-<hash>`, otherwise empty. */
  transcoder_list: readonly string[];
  prompt_tokens: readonly string[];
  prompt: string;
  /** Only in files of the first page, which shows it before the prompt. */
  title_prefix?: string;
  node_threshold: number;
  /** 1 if `feature` pairs layer and index. */
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
    /** In a file for Neuronpedia, the set that `scan` names in other files. */
    transcoder_set?: string;
    neuronpedia_source_set?: string;
  };
  /** In a file for Neuronpedia, where its page finds dashboards. */
  feature_details?: { neuronpedia_source_set?: string; feature_json_base_url?: string };
}

/** Which edges a page draws while nothing is selected, by the end that must be pinned. */
export type LinkType = 'input' | 'output' | 'either' | 'both';

/** `qParams`, the saved view. Only this package's page uses the fields from `view_version` on. */
export interface QParams {
  pinnedIds: readonly string[];
  /** `[label, id, id, ...]` for each group. */
  supernodes: readonly (readonly string[])[];
  linkType: LinkType;
  /** A node id, `supernode-<index>`, or ''. */
  clickedId: string;
  /** The positions of boxes in the older form, `x y x y ...` from 0 to 1000. */
  sg_pos: string;
  /** `[key, label]`: see `readLabelKey`. */
  clerps?: readonly (readonly [string, string])[];
  /** Nodes with a larger cumulative influence are hidden. */
  pruningThreshold?: number;
  /** From Neuronpedia's page: whether errors are hidden. */
  claudeMode?: boolean;
  view_version?: 1;
  /** `[x, y]` by box. */
  positions?: Readonly<Record<string, readonly [x: number, y: number]>>;
  hideErrors?: boolean;
  topLinks?: number;
  minShare?: number;
  layout?: 'layered' | 'force';
}

/** The content of a graph file `<slug>.json`. */
export interface GraphFile {
  metadata: GraphMetadata;
  qParams: QParams;
  nodes: readonly NodeRecord[];
  links: readonly LinkRecord[];
  /** Only in files of this package: each node's own influence in the whole graph, by id. Logits have none. */
  node_influence?: Readonly<Record<string, number>>;
}

/** The file in a folder of graph files that lists them: `{"graphs": [...]}`. */
export const graphListFile = 'graph-metadata.json';
