import { isObject } from '../io/files';
import { parseJson } from '../io/json';
import { cantorUnpair } from './cantor';
import { type FeatureLabels, labelKey } from './labels';

/** Nodes of a graph file that stand for a transcoder's feature. */
export const featureType = 'cross layer transcoder';

/** Which feature the key of a label means; undefined for what is none. */
type KeyReader = (key: string) => string | undefined;

/**
 * The labels readers gave on a graph's page, `clerps`: pairs of key and label. The key is layer and index paired into one
 * number; or `{layer}_{feature}_{position}`, where one page writes the index and another the paired number.
 */
export function labelsOfClerps(clerps: unknown, readKey: KeyReader = featureOfKey): FeatureLabels {
  const pairs = isObject(clerps) ? Object.entries(clerps) : Array.isArray(clerps) ? clerps : [];
  const labels: Record<string, string> = {};
  for (const pair of pairs) {
    const [key, label] = Array.isArray(pair) ? pair : [];
    const feature = readKey(plainText(key));
    if (feature !== undefined && typeof label === 'string' && label !== '') labels[feature] = label;
  }
  return labels;
}

/** An index is taken for a paired number when that number's layer is the key's: of true indices about one in sqrt(2 index) is. */
function featureOfKey(key: string): string | undefined {
  if (/^\d+$/.test(key)) return pairedKey(Number(key));
  const [, layer, feature] = /^(\d+)_(\d+)_\d+$/.exec(key) ?? [];
  if (layer === undefined) return undefined;
  const unpaired = cantorUnpair(Number(feature));
  const index = unpaired?.layer === Number(layer) ? unpaired.index : Number(feature);
  return labelKey({ layer: Number(layer), feature: index });
}

function pairedKey(paired: number): string | undefined {
  const unpaired = cantorUnpair(paired);
  return unpaired && labelKey({ layer: unpaired.layer, feature: unpaired.index });
}

/** The labels in a graph file: `clerp` of its features, over them those given on its page (`qParams.clerps`). */
export function labelsOfGraphFile(file: Record<string, unknown>): FeatureLabels {
  const nodes = Array.isArray(file.nodes) ? file.nodes.filter(isFeatureNode) : [];
  const keys = new Map<string, string>();
  const labels: Record<string, string> = {};
  for (const node of nodes) {
    const key = keyOfNode(node);
    if (key === undefined) continue;
    for (const name of namesOf(node)) keys.set(name, key);
    if (typeof node.clerp === 'string' && node.clerp !== '') labels[key] = node.clerp;
  }
  const clerps = isObject(file.qParams) ? jsonOf(file.qParams.clerps) : undefined;
  return { ...labels, ...labelsOfClerps(clerps, (key) => keys.get(key) ?? featureOfKey(key)) };
}

function isFeatureNode(node: unknown): node is Record<string, unknown> {
  return isObject(node) && node.feature_type === featureType;
}

/** Its id, and the one that its parts make up. */
function namesOf({ node_id, layer, feature, ctx_idx }: Record<string, unknown>): string[] {
  const names = [plainText(node_id), [layer, feature, ctx_idx].map(plainText).join('_')];
  return names.filter((name) => name !== '');
}

/** A text or number as text; '' for what a graph file has no business to hold there, such as lists. */
function plainText(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

/** By the paired number where its layer agrees, else by an id `{layer}_{feature}_{position}`. */
export function keyOfNode(node: Record<string, unknown>): string | undefined {
  const [layer, feature] = [plainNumber(node.layer), plainNumber(node.feature)];
  const unpaired = cantorUnpair(feature);
  if (unpaired?.layer === layer) return pairedKey(feature);
  const [, ownLayer, index] = /^(\d+)_(\d+)_\d+$/.exec(plainText(node.node_id)) ?? [];
  return Number(ownLayer) === layer ? labelKey({ layer, feature: Number(index) }) : undefined;
}

/** Some writers give numbers as text. */
function plainNumber(value: unknown): number {
  const text = plainText(value);
  return text === '' ? Number.NaN : Number(text);
}

/** Some pages save the list as its JSON. */
function jsonOf(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  try {
    return parseJson(value);
  } catch {
    return undefined;
  }
}
