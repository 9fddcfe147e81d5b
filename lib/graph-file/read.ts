import { cantorPair, cantorUnpair } from './cantor';
import { type Json, list, number, record, text, type Unchecked } from './json-values';
import { featureId, parseFeatureId, parseNodeId, type SelectedFeature } from './node-id';
import { probabilityOfOutputLabel } from './output-label';
import {
  type GraphFile,
  type GraphMetadata,
  isFeatureKind,
  kindOfType,
  type LinkRecord,
  type NodeKind,
  type NodeRecord,
} from './schema';

// A reader for graph files of all writers, which agree on less than the schema says. Nothing here throws: what a file doesn't
// tell is NaN, '' or undefined, and each caller decides what it can't do without.

/** What a node's record says, in the spelling of any writer. */
export interface FileNode {
  /** '' where the file has none; maybe not unique. */
  readonly id: string;
  /** `jsNodeId`, by which some pages know a node; not unique, maybe ''. */
  readonly alias: string;
  readonly kind: NodeKind;
  /** As the file has it, -1 for tokens, NaN where it says nothing. Writers differ in the layer of logits. */
  readonly layer: number;
  /** NaN where the file says nothing; the same below. */
  readonly position: number;
  /** Of a feature: its index in its layer's dictionary; undefined where neither its number nor its id tell. */
  readonly feature: number | undefined;
  /** `feature` as the file has it. */
  readonly rawFeature: number;
  readonly activation: number;
  /** Cumulative. */
  readonly influence: number;
  /** Of a logit; 0 elsewhere. */
  readonly probability: number;
  readonly label: string;
}

/** A link between ids that the file may not have. */
export interface FileLink {
  readonly source: string;
  readonly target: string;
  /** NaN for what is no number. */
  readonly weight: number;
}

/** What a graph says of itself. */
export interface FileMetadata {
  readonly prompt: string;
  /** One text per position; undefined where the file has no such list. */
  readonly promptTokens: readonly string[] | undefined;
  readonly scan: string;
  /** 0 where the file says nothing. */
  readonly schemaVersion: number;
  /** Share of all influence that the file's nodes were chosen to hold, above 0 to 1; undefined where it doesn't say. */
  readonly nodeThreshold: number | undefined;
}

export function readMetadata(file: Json): FileMetadata {
  const metadata: Unchecked<GraphMetadata> = record(file.metadata);
  const { prompt_tokens: tokens } = metadata;
  const threshold = number(metadata.node_threshold) ?? 0;
  return {
    prompt: text(metadata.prompt),
    promptTokens: Array.isArray(tokens) ? tokens.map(text) : undefined,
    scan: text(metadata.scan),
    schemaVersion: number(metadata.schema_version) ?? 0,
    nodeThreshold: threshold > 0 && threshold <= 1 ? threshold : undefined,
  };
}

/** The name of the dictionary of a layer: one for all layers, or one of the list of a custom set. */
export function readDictionaryName(metadata: Unchecked<GraphMetadata>, layer: number): string {
  const info: Unchecked<GraphMetadata['info']> = record(metadata.info);
  // A file made for Neuronpedia names the model as its scan.
  const set = text(info.transcoder_set) || text(metadata.scan);
  return set.startsWith('custom-') ? text(list(metadata.transcoder_list)[layer]) : set;
}

/** One for each entry of the file's `nodes`, also for those that are no objects. */
export function readNodes(file: Json): FileNode[] {
  const { schemaVersion } = readMetadata(file);
  return list(file.nodes).map((node) => readNode(record(node), schemaVersion));
}

/** Fields that only the first page's files have. */
interface OldNodeRecord {
  readonly isLogit: boolean;
}

function readNode(raw: Unchecked<NodeRecord & OldNodeRecord>, schemaVersion: number): FileNode {
  const kind = readKind(raw);
  const id = text(raw.node_id);
  const layer = kind === 'token' ? -1 : (number(raw.layer) ?? Number.NaN);
  const rawFeature = number(raw.feature) ?? Number.NaN;
  const label = text(raw.clerp);
  return {
    id,
    alias: text(raw.jsNodeId),
    kind,
    layer,
    position: number(raw.ctx_idx) ?? Number.NaN,
    feature: isFeatureKind(kind) ? readFeatureIndex(layer, rawFeature, id, schemaVersion) : undefined,
    rawFeature,
    activation: number(raw.activation) ?? Number.NaN,
    influence: number(raw.influence) ?? Number.NaN,
    probability: kind === 'logit' ? (number(raw.token_prob) ?? probabilityOfOutputLabel(label) ?? 0) : 0,
    label,
  };
}

function readKind({ feature_type, isLogit, layer }: Unchecked<NodeRecord & OldNodeRecord>): NodeKind {
  const kind = kindOfType(feature_type);
  if (kind !== 'unknown') return kind;
  if (isLogit === true || layer === 'E1') return 'logit';
  return layer === 'E' ? 'token' : 'unknown';
}

/**
 * Index of a feature in its layer's dictionary. From schema 1 on, or where the node's id says the same, `feature` pairs layer
 * and index. Otherwise the id has it; a number alone may be the index, or what some writer packed.
 */
function readFeatureIndex(layer: number, raw: number, id: string, schemaVersion: number): number | undefined {
  const named = parseNodeId(id);
  const inId = named && 'feature' in named && named.layer === layer ? named.feature : undefined;
  const unpaired = cantorUnpair(raw);
  const idAgrees = inId !== undefined && cantorPair(layer, inId) === raw;
  return unpaired?.layer === layer && (schemaVersion >= 1 || idAgrees) ? unpaired.index : inId;
}

/** The feature of a transcoder that a node stands for, and where; undefined for other nodes, or where the file doesn't say. */
export function readFeature({ kind, id, layer, position, feature }: FileNode): SelectedFeature | undefined {
  if (kind !== 'feature') return undefined;
  const hasPosition = Number.isSafeInteger(position) && position >= 0;
  return feature !== undefined && hasPosition ? { layer, position, feature } : parseFeatureId(id);
}

/** One for each entry of the file's `links`. */
export function readLinks(file: Json): FileLink[] {
  return list(file.links).map((link) => {
    const { source, target, weight }: Unchecked<LinkRecord> = record(link);
    return { source: text(source), target: text(target), weight: number(weight) ?? Number.NaN };
  });
}

/** What is whole of a file, with features under this library's ids, whatever the file calls them. */
export interface NamedGraph {
  readonly links: readonly FileLink[];
  /** Of the nodes that have one, by id. */
  readonly labels: ReadonlyMap<string, string>;
}

export function readNamedGraph(file: Json): NamedGraph {
  const nodes = readNodes(file).filter(({ id }) => id !== '');
  const names = new Map<string, string>();
  for (const node of nodes) {
    const feature = readFeature(node);
    if (feature) names.set(node.id, featureId(feature));
  }
  const nameOf = (id: string) => names.get(id) ?? id;
  const isWhole = ({ source, target, weight }: FileLink) => source !== '' && target !== '' && !Number.isNaN(weight);
  const links = readLinks(file).filter(isWhole);
  return {
    links: links.map(({ source, target, weight }) => ({ source: nameOf(source), target: nameOf(target), weight })),
    labels: new Map(nodes.flatMap(({ id, label }) => (label === '' ? [] : [[nameOf(id), label]]))),
  };
}

/** Each node's own influence in the whole graph, by id; empty for files of other writers. */
export function readNodeInfluence(file: Unchecked<GraphFile>): ReadonlyMap<string, number> {
  const given = Object.entries(record(file.node_influence));
  return new Map(
    given.flatMap(([id, value]) => {
      const influence = number(value);
      return influence === undefined ? [] : [[id, influence]];
    }),
  );
}
