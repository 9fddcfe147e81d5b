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

// A reader for the graph files of all writers, which deviate from the schema. Nothing here throws. Missing values are
// NaN, '' or undefined, and each caller decides which values it requires.

/** A node, read from a file of any writer. */
export interface FileNode {
  /** '' if missing. May not be unique. */
  readonly id: string;
  /** `jsNodeId`, by which some pages identify a node. Not unique. '' if missing. */
  readonly alias: string;
  readonly kind: NodeKind;
  /** The layer in the file. -1 for tokens, NaN if missing. Writers differ in the layer of logits. */
  readonly layer: number;
  /** NaN if missing, as the following fields. */
  readonly position: number;
  /** For a feature, its index in its layer's dictionary. Undefined if neither its number nor its id contains it. */
  readonly feature: number | undefined;
  /** The field `feature` of the file. */
  readonly rawFeature: number;
  readonly activation: number;
  /** Cumulative. */
  readonly influence: number;
  /** For a logit. 0 for other nodes. */
  readonly probability: number;
  readonly label: string;
}

/** An edge between ids that may not exist in the file. */
export interface FileLink {
  readonly source: string;
  readonly target: string;
  /** NaN if it is not a number. */
  readonly weight: number;
}

/** The metadata of a graph. */
export interface FileMetadata {
  readonly prompt: string;
  /** One text per position. Undefined if the file has no such list. */
  readonly promptTokens: readonly string[] | undefined;
  readonly scan: string;
  /** 0 if missing. */
  readonly schemaVersion: number;
  /**
   * The share of all influence that the file's nodes were chosen to hold, greater than 0 and at most 1. Undefined if
   * missing.
   */
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

/** The name of a layer's dictionary: one for all layers, or an entry of the list of a custom set. */
export function readDictionaryName(metadata: Unchecked<GraphMetadata>, layer: number): string {
  const info: Unchecked<GraphMetadata['info']> = record(metadata.info);
  // The scan of a file for Neuronpedia is the name of the model.
  const set = text(info.transcoder_set) || text(metadata.scan);
  return set.startsWith('custom-') ? text(list(metadata.transcoder_list)[layer]) : set;
}

/** One result for each entry of `nodes` in the file, including entries that are not objects. */
export function readNodes(file: Json): FileNode[] {
  const { schemaVersion } = readMetadata(file);
  return list(file.nodes).map((node) => readNode(record(node), schemaVersion));
}

/** Fields that only exist in files of the first page. */
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
 * The index of a feature in its layer's dictionary. From schema 1 on, or if the node's id agrees, `feature` pairs layer
 * and index. Otherwise the index is in the id. A number alone may be the index or another packing.
 */
function readFeatureIndex(layer: number, raw: number, id: string, schemaVersion: number): number | undefined {
  const named = parseNodeId(id);
  const inId = named && 'feature' in named && named.layer === layer ? named.feature : undefined;
  const unpaired = cantorUnpair(raw);
  const idAgrees = inId !== undefined && cantorPair(layer, inId) === raw;
  return unpaired?.layer === layer && (schemaVersion >= 1 || idAgrees) ? unpaired.index : inId;
}

/** The transcoder feature and position of a node. Undefined for other nodes, or if the file does not say. */
export function readFeature({ kind, id, layer, position, feature }: FileNode): SelectedFeature | undefined {
  if (kind !== 'feature') return undefined;
  const hasPosition = Number.isSafeInteger(position) && position >= 0;
  return feature !== undefined && hasPosition ? { layer, position, feature } : parseFeatureId(id);
}

/** One result for each entry of `links` in the file. */
export function readLinks(file: Json): FileLink[] {
  return list(file.links).map((link) => {
    const { source, target, weight }: Unchecked<LinkRecord> = record(link);
    return { source: text(source), target: text(target), weight: number(weight) ?? Number.NaN };
  });
}

/** The valid content of a file, with the ids of this library for features, whatever ids the file has. */
export interface NamedGraph {
  readonly links: readonly FileLink[];
  /** The influence of nodes that have one, by id. */
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

/** The influence of each node in the whole graph, by id. Empty for files of other writers. */
export function readNodeInfluence(file: Unchecked<GraphFile>): ReadonlyMap<string, number> {
  const given = Object.entries(record(file.node_influence));
  return new Map(
    given.flatMap(([id, value]) => {
      const influence = number(value);
      return influence === undefined ? [] : [[id, influence]];
    }),
  );
}
