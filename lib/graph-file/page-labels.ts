import { cantorUnpair } from './cantor';
import { type Json, record } from './json-values';
import { type FeatureLabels, labelKey } from './labels';
import { featureId, parseFeatureId } from './node-id';
import { readNodes } from './read';
import { readSavedView, type SavedView } from './view';

/** Which feature, as a {@link labelKey}, the key of a label on a page means; undefined for what is none. */
type KeyReader = (key: string) => string | undefined;

/** The labels readers gave to features on a page. */
export function labelsOfView(
  { labels = [] }: Pick<SavedView, 'labels'>,
  readKey: KeyReader = readLabelKey,
): FeatureLabels {
  const found: Record<string, string> = {};
  for (const [key, label] of labels) {
    const feature = readKey(key);
    if (feature !== undefined) found[feature] = label;
  }
  return found;
}

/**
 * The key of a label on a page, `clerps`: layer and index paired into one number; or `{layer}_{feature}_{position}`, where one
 * page writes the index and another the paired number. An index is taken for a paired number when that number's layer is the
 * key's: of true indices about one in sqrt(2 index) is.
 */
export function readLabelKey(key: string): string | undefined {
  if (/^\d+$/.test(key)) return pairedKey(Number(key));
  const named = parseFeatureId(key);
  if (named === undefined) return undefined;
  return cantorUnpair(named.feature)?.layer === named.layer ? pairedKey(named.feature) : labelKey(named);
}

/** The key of a label on this package's page: a node id. */
export function readNodeKey(key: string): string | undefined {
  const feature = parseFeatureId(key);
  return feature && labelKey(feature);
}

function pairedKey(paired: number): string | undefined {
  const unpaired = cantorUnpair(paired);
  return unpaired && labelKey({ layer: unpaired.layer, feature: unpaired.index });
}

/** The labels in a graph file: `clerp` of its features, over them those given on its page (`qParams.clerps`). */
export function labelsOfGraphFile(file: Json): FeatureLabels {
  const keys = new Map<string, string>();
  const labels: Record<string, string> = {};
  for (const { id, kind, layer, position, feature, rawFeature, label } of readNodes(file)) {
    if (kind !== 'feature' || feature === undefined) continue;
    const key = labelKey({ layer, feature });
    keys.set(featureId({ layer, position, feature: rawFeature }), key);
    if (id !== '') keys.set(id, key);
    if (label !== '') labels[key] = label;
  }
  const view = readSavedView(record(file.qParams));
  return { ...labels, ...labelsOfView(view, (key) => keys.get(key) ?? readLabelKey(key)) };
}
