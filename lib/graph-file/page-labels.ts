import { cantorUnpair } from './cantor';
import { type Json, record } from './json-values';
import { type FeatureLabels, labelKey } from './labels';
import { featureId, parseFeatureId } from './node-id';
import { readNodes } from './read';
import { readSavedView, type SavedView } from './view';

/** The feature, as a {@link labelKey}, that the key of a label on a page identifies. Undefined for other keys. */
type KeyReader = (key: string) => string | undefined;

/** The labels that readers gave to features on a page. */
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
 * Read the key of a label in `clerps`. It is a layer and index paired into one number, or
 * `{layer}_{feature}_{position}`, in which one page writes the index and another the paired number. An index is read as
 * a paired number if the layer of that number is the layer of the key, which holds for about one in sqrt(2 index) true
 * indices.
 */
export function readLabelKey(key: string): string | undefined {
  if (/^\d+$/.test(key)) return pairedKey(Number(key));
  const named = parseFeatureId(key);
  if (named === undefined) return undefined;
  return cantorUnpair(named.feature)?.layer === named.layer ? pairedKey(named.feature) : labelKey(named);
}

/** Read the key of a label on this package's page, which is a node id. */
export function readNodeKey(key: string): string | undefined {
  const feature = parseFeatureId(key);
  return feature && labelKey(feature);
}

function pairedKey(paired: number): string | undefined {
  const unpaired = cantorUnpair(paired);
  return unpaired && labelKey({ layer: unpaired.layer, feature: unpaired.index });
}

/** The labels in a graph file: `clerp` of its features, replaced by labels given on its page (`qParams.clerps`). */
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
