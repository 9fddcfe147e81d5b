import { inflateRawSync } from 'node:zlib';
import { CircuitTracerError } from '../errors';
import { isObject } from '../io/files';
import { parseJson } from '../io/json';
import { describe } from '../validate';
import { type FeatureLabels, labelKey } from './labels';
import { featureType, labelsOfClerps, labelsOfGraphFile } from './page-labels';

/** A feature at one position of the page's prompt. */
export interface SelectedFeature {
  readonly layer: number;
  readonly position: number;
  readonly feature: number;
}

export interface SelectedGroup {
  /** Unique: a second group of one name is `name (2)`. */
  readonly label: string;
  readonly features: readonly SelectedFeature[];
}

/** What a reader picked on the page of a graph. */
export interface PageSelection {
  /** Groups of features, in the page's order. */
  readonly groups: readonly SelectedGroup[];
  /** Pinned features of no group. */
  readonly pinned: readonly SelectedFeature[];
  /** Ids that stand for no feature: tokens, errors, outputs in graph files. */
  readonly others: readonly string[];
  /** Labels given to features on the page. */
  readonly labels: FeatureLabels;
}

/**
 * The groups (`supernodes`) and pinned nodes (`pinnedIds`) in the URL of a graph's page, also one copied from this package's.
 *
 * Ids of features are `{layer}_{feature}_{position}`. An output's id looks the same, with a layer past the model's last.
 *
 * @throws CircuitTracerError `ERR_INVALID_ARGUMENT` for a URL whose parts aren't what a page writes.
 */
export function selectionFromUrl(url: string): PageSelection {
  const [address = '', fragment = ''] = url.split('#', 2);
  if (fragment.startsWith(viewMark)) {
    const view = unpacked(fragment.slice(viewMark.length));
    return { ...select(view), labels: labelsOfClerps(view.clerps, featureOfId) };
  }
  const parameters = new URLSearchParams(address.includes('?') ? address.slice(address.indexOf('?') + 1) : '');
  const clerps = parameters.get('clerps');
  return {
    ...select({ supernodes: parameters.get('supernodes'), pinnedIds: parameters.get('pinnedIds') }),
    labels: clerps ? labelsOfClerps(parsed(clerps, 'clerps')) : {},
  };
}

/** Before a whole view in the fragment of a URL. */
const viewMark = 'v=';
const largestView = 2 ** 24;

/** A view as the page packs it: deflated JSON in base64url. */
function unpacked(packed: string): Record<string, unknown> {
  try {
    const json = inflateRawSync(Buffer.from(packed, 'base64url'), { maxOutputLength: largestView });
    const view: unknown = parseJson(json.toString());
    if (isObject(view)) return view;
  } catch {
    // Told below.
  }
  throw new CircuitTracerError(
    'ERR_INVALID_ARGUMENT',
    "The view in the page's URL can't be read. Copy the URL once more.",
  );
}

/**
 * The same of a saved graph file: its `qParams`, in the form a page or a writer gives them.
 *
 * @throws CircuitTracerError `ERR_FILE_FORMAT` when it is no graph file.
 */
export function selectionFromGraphFile(file: unknown): PageSelection {
  const { qParams, nodes } = isObject(file) ? file : {};
  if (!isObject(file) || !isObject(qParams) || !Array.isArray(nodes)) {
    throw new CircuitTracerError('ERR_FILE_FORMAT', 'A graph file must hold qParams and nodes; this one does not.');
  }
  const bad = nodes.findIndex((node) => !isObject(node));
  if (bad >= 0) {
    const found = describe(nodes[bad]);
    throw new CircuitTracerError('ERR_FILE_FORMAT', `A graph file's nodes must be objects; nodes[${bad}] is ${found}.`);
  }
  const notFeatures = nodes.filter(({ feature_type }) => feature_type !== featureType);
  const others = new Set<unknown>(notFeatures.map(({ node_id }) => node_id));
  // Some writers give an error the id of a feature; then the feature is meant.
  for (const { node_id, feature_type } of nodes) {
    if (feature_type === featureType) others.delete(node_id);
  }
  return { ...select(qParams, others), labels: labelsOfGraphFile(file) };
}

function select(view: object, notFeatures: ReadonlySet<unknown> = new Set()): Omit<PageSelection, 'labels'> {
  const { supernodes, pinnedIds } = view as { supernodes?: unknown; pinnedIds?: unknown };
  const others: string[] = [];
  const names = new Map<string, number>();
  const featuresOf = (ids: readonly string[]) =>
    ids.flatMap((id) => {
      const feature = notFeatures.has(id) ? undefined : featureOf(id);
      if (!feature) others.push(id);
      return feature ? [feature] : [];
    });
  const grouped = new Set<string>();
  const groups = groupLists(supernodes).map(([name = '', ...ids]) => {
    const count = (names.get(name) ?? 0) + 1;
    names.set(name, count);
    for (const id of ids) grouped.add(id);
    return { label: count === 1 ? name : `${name} (${count})`, features: featuresOf(ids) };
  });
  const pinned = featuresOf(idList(pinnedIds).filter((id) => !grouped.has(id)));
  return { groups, pinned, others };
}

function featureOf(id: string): SelectedFeature | undefined {
  const [, layer, feature, position] = /^(\d+)_(\d+)_(\d+)$/.exec(id) ?? [];
  return position === undefined
    ? undefined
    : { layer: Number(layer), position: Number(position), feature: Number(feature) };
}

function featureOfId(id: string): string | undefined {
  const feature = featureOf(id);
  return feature && labelKey(feature);
}

/** `[[label, id, ...], ...]`, as itself or as JSON, which some pages encode twice. */
function groupLists(given: unknown): string[][] {
  const value = typeof given === 'string' && given !== '' ? parsed(given, 'supernodes') : (given ?? []);
  const isGroup = (group: unknown) => Array.isArray(group) && group.every((item) => typeof item === 'string');
  if (value === '') return [];
  if (Array.isArray(value) && value.every(isGroup)) return value;
  throw invalid('supernodes must be [[label, id, ...], ...]', given);
}

function parsed(text: string, name: string): unknown {
  for (const candidate of [text, decoded(text)]) {
    try {
      return parseJson(candidate);
    } catch {
      // The next spelling may be JSON.
    }
  }
  throw invalid(`${name} must be JSON`, text);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function idList(given: unknown): string[] {
  if (given === undefined || given === null || given === '') return [];
  if (typeof given === 'string') return decoded(given).split(',').filter(Boolean);
  if (Array.isArray(given) && given.every((id) => typeof id === 'string')) return given;
  throw invalid('pinnedIds must be node ids', given);
}

function invalid(expected: string, found: unknown): CircuitTracerError {
  return new CircuitTracerError('ERR_INVALID_ARGUMENT', `The page's ${expected}; found ${describe(found)}.`);
}

/** An intervention that multiplies the activation of a feature. */
export interface ScaledFeature extends SelectedFeature {
  readonly scale: number;
}

/**
 * Interventions that multiply the activations of whole groups. A factor's name is the label of a group or the id
 * `{layer}_{feature}_{position}` of a pinned feature.
 *
 * @throws CircuitTracerError `ERR_INVALID_ARGUMENT` naming a group there isn't, and those there are.
 */
export function scaleGroups(selection: PageSelection, factors: ReadonlyMap<string, number>): ScaledFeature[] {
  const named = new Map(selection.groups.map(({ label, features }) => [label, features]));
  for (const feature of selection.pinned) {
    named.set(`${feature.layer}_${feature.feature}_${feature.position}`, [feature]);
  }
  return [...factors].flatMap(([name, scale]) => {
    const features = named.get(name);
    if (features) return features.map((feature) => ({ ...feature, scale }));
    const known = [...named.keys()].map((key) => JSON.stringify(key)).join(', ') || 'none';
    throw new CircuitTracerError(
      'ERR_INVALID_ARGUMENT',
      `The page has no group ${JSON.stringify(name)}. Its groups and pinned features: ${known}.`,
    );
  });
}
