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
  /** Unique. A second group with the same name becomes `name (2)`. */
  readonly label: string;
  readonly features: readonly SelectedFeature[];
}

/** The selection of a reader on the page of a graph. */
export interface PageSelection {
  /** Groups of features, in the page's order. */
  readonly groups: readonly SelectedGroup[];
  /** Pinned features that are in no group. */
  readonly pinned: readonly SelectedFeature[];
  /** Ids of other nodes: in graph files, tokens, errors and outputs. */
  readonly others: readonly string[];
  /** Labels given to features on the page. */
  readonly labels: FeatureLabels;
}

/**
 * Read the groups (`supernodes`) and pinned nodes (`pinnedIds`) from the URL of a graph's page. It may be a page of
 * this package.
 *
 * Ids of features are `{layer}_{feature}_{position}`. The id of an output has the same form, with a layer beyond the
 * model's last.
 *
 * @throws CircuitTracerError `ERR_INVALID_ARGUMENT` for a URL with invalid parameters.
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

/** This page identifies labels by node id, not by the numbers of other pages. */
function selectionOfPackedView(packed: string): PageSelection {
  const params = unpackView(packed);
  if (!params) {
    throw new CircuitTracerError('ERR_INVALID_ARGUMENT', "The view in the page's URL is damaged. Copy the URL again.");
  }
  const view = readSavedView(params);
  refuseProblems(view, ['clerps']);
  return { ...select(view, parseFeatureId), labels: labelsOfView(view, readNodeKey) };
}

/**
 * Read the selection from `qParams` of a saved graph file, in the form of any page or writer.
 *
 * @throws CircuitTracerError `ERR_FILE_FORMAT` when it is not a graph file.
 */
export function selectionFromGraphFile(file: unknown): PageSelection {
  const { qParams, nodes } = isObject(file) ? file : {};
  if (!isObject(file) || !isObject(qParams) || !Array.isArray(nodes)) {
    throw new CircuitTracerError(
      'ERR_FILE_FORMAT',
      'A graph file must have qParams and nodes, but this file does not.',
    );
  }
  const bad = nodes.findIndex((node) => !isObject(node));
  if (bad >= 0) {
    const found = describe(nodes[bad]);
    throw new CircuitTracerError(
      'ERR_FILE_FORMAT',
      `The nodes of a graph file must be objects; found ${found} at nodes[${bad}].`,
    );
  }
  const view = readSavedView(qParams);
  // An invalid label does not prevent reading the others.
  refuseProblems(view, ['clerps']);
  return { ...select(view, featureFinder(readNodes(file))), labels: labelsOfGraphFile(file) };
}

type FindFeature = (id: string) => SelectedFeature | undefined;

/**
 * Find a node by id, or by the id of other pages. Some writers give an error the id of a feature, which then means the
 * feature.
 */
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
 * Make interventions that multiply the activations of whole groups. The name of a factor is the label of a group, or
 * the id `{layer}_{feature}_{position}` of a pinned feature.
 *
 * @throws CircuitTracerError `ERR_INVALID_ARGUMENT` for an unknown group, with the names of the existing ones.
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
