import { CircuitTracerError } from '../errors';
import { describe } from '../validate';
import { isObject } from './json-values';
import type { FeatureLabels } from './labels';
import { featureId, parseFeatureId, type SelectedFeature } from './node-id';
import { unpackView } from './packed-view';
import { labelsOfGraphFile, labelsOfView, readNodeKey } from './page-labels';
import { type FileNode, readFeature, readNodes } from './read';
import { readSavedView, type SavedView, viewMark } from './view';

export type { SelectedFeature } from './node-id';

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
  if (fragment.startsWith(viewMark)) return selectionOfPackedView(fragment.slice(viewMark.length));
  const parameters = new URLSearchParams(address.includes('?') ? address.slice(address.indexOf('?') + 1) : '');
  const [supernodes, pinnedIds, clerps] = ['supernodes', 'pinnedIds', 'clerps'].map((name) => parameters.get(name));
  const view = readSavedView({ supernodes, pinnedIds, clerps });
  refuseProblems(view);
  return { ...select(view, parseFeatureId), labels: labelsOfView(view) };
}

/** Labels in it are keyed by node id, not by the numbers that other pages use. */
function selectionOfPackedView(packed: string): PageSelection {
  const params = unpackView(packed);
  if (!params) {
    throw new CircuitTracerError(
      'ERR_INVALID_ARGUMENT',
      "The view in the page's URL can't be read. Copy the URL once more.",
    );
  }
  const view = readSavedView(params);
  refuseProblems(view, ['clerps']);
  return { ...select(view, parseFeatureId), labels: labelsOfView(view, readNodeKey) };
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
  const view = readSavedView(qParams);
  // A label that can't be read is no reason not to read the others.
  refuseProblems(view, ['clerps']);
  return { ...select(view, featureFinder(readNodes(file))), labels: labelsOfGraphFile(file) };
}

type FindFeature = (id: string) => SelectedFeature | undefined;

/** By id, or by the id that other pages use. Some writers give an error the id of a feature; then the feature is meant. */
function featureFinder(nodes: readonly FileNode[]): FindFeature {
  const known = new Map<string, SelectedFeature | undefined>();
  for (const node of nodes) if (!known.has(node.alias)) known.set(node.alias, readFeature(node));
  known.delete('');
  for (const node of nodes) if (node.kind !== 'feature') known.set(node.id, undefined);
  for (const node of nodes) if (node.kind === 'feature') known.set(node.id, readFeature(node));
  return (id) => (known.has(id) ? known.get(id) : parseFeatureId(id));
}

function refuseProblems({ problems }: SavedView, allowed: readonly string[] = []): void {
  const problem = problems.find(({ field }) => !allowed.includes(field));
  if (!problem) return;
  const { field, expected, found } = problem;
  throw new CircuitTracerError(
    'ERR_INVALID_ARGUMENT',
    `The page's ${field} must be ${expected}; found ${describe(found)}.`,
  );
}

function select({ groups: saved = [], pins = [] }: SavedView, find: FindFeature): Omit<PageSelection, 'labels'> {
  const others: string[] = [];
  const names = new Map<string, number>();
  const featuresOf = (ids: readonly string[]) =>
    ids.flatMap((id) => {
      const feature = find(id);
      if (!feature) others.push(id);
      return feature ? [feature] : [];
    });
  const grouped = new Set(saved.flatMap(({ members }) => members));
  const groups = saved.map(({ label, members }) => {
    const count = (names.get(label) ?? 0) + 1;
    names.set(label, count);
    return { label: count === 1 ? label : `${label} (${count})`, features: featuresOf(members) };
  });
  const pinned = featuresOf(pins.filter((id) => !grouped.has(id)));
  return { groups, pinned, others };
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
  for (const feature of selection.pinned) named.set(featureId(feature), [feature]);
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
