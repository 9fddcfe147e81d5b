import { cantorPair } from '../../../graph-file/cantor';
import { type Json, list, number, record, text, type Unchecked } from '../../../graph-file/json-values';
import { parseFeatureId } from '../../../graph-file/node-id';
import { isFeatureKind, type LinkType, type QParams } from '../../../graph-file/schema';
import { decodeField, readSavedView, type SavedView, writeSavedView } from '../../../graph-file/view';
import type { Graph } from '../graph/graph';
import { nodeOf } from '../graph/graph';
import { positionsFromList } from './saved-positions';
import { boxKeys, emptyView, type Group, groupKey, type Point, pin, type View } from './view';

export interface ReadView {
  readonly view: View;
  /** Ids that are not in the graph. */
  readonly lost: readonly string[];
}

const linkTypes: readonly string[] = ['input', 'output', 'either', 'both'] satisfies LinkType[];

/** The fields that this page reads. All others are kept unchanged. */
const known: ReadonlySet<string> = new Set<keyof QParams>([
  'pinnedIds',
  'supernodes',
  'clerps',
  'clickedId',
  'linkType',
  'pruningThreshold',
  'sg_pos',
  'positions',
  'hideErrors',
  'topLinks',
  'minShare',
  'layout',
  'view_version',
]);

/**
 * Read a saved view (`qParams` of a graph file, or the parameters of a URL) into a copy of `base`. Invalid fields keep
 * the value of `base`.
 */
export function readView(graph: Graph, params: Json, base: View = emptyView): ReadView {
  const lost: string[] = [];
  const resolve = (id: string) => {
    const node = nodeOf(graph, id);
    if (node === undefined) lost.push(id);
    return node === undefined ? [] : [graph.ids[node]];
  };
  let view: View = { ...base, ...settings(params, base), extra: { ...base.extra, ...unknown(params) } };
  const saved = readSavedView(params);
  if (saved.pins) view = { ...view, pins: [...new Set(saved.pins.flatMap(resolve))] };
  if (saved.groups) view = { ...view, groups: resolveGroups(saved.groups, resolve) };
  if (saved.labels) view = { ...view, labels: resolveLabels(graph, saved.labels) };
  view = pin(
    view,
    view.groups.flatMap(({ members }) => members),
  );
  const clicked = text(params.clickedId);
  if (params.clickedId != null) view = { ...view, selected: selection(graph, view, clicked) };
  return { view: { ...view, positions: positions(graph, view, params) }, lost };
}

/** The fields of a saved view in the forms that other pages read, and `positions` by box key. */
export function writeView(view: View): QParams & Record<string, unknown> {
  const { pins, groups } = view;
  return {
    ...view.extra,
    view_version: 1,
    ...writeSavedView({ pins, groups, labels: Object.entries(view.labels) }),
    clickedId: view.selected,
    linkType: view.linkType,
    pruningThreshold: view.threshold,
    sg_pos: '',
    positions: view.positions,
    hideErrors: view.hideErrors,
    topLinks: view.topLinks,
    minShare: view.minShare,
    layout: view.layout,
  };
}

/** The view as text, to detect changes. The selection does not count as a change. */
export function viewText(view: View): string {
  return JSON.stringify(writeView({ ...view, selected: '' }));
}

function settings(params: Unchecked<QParams>, base: View): Partial<View> {
  const threshold = number(params.pruningThreshold);
  const topLinks = number(params.topLinks);
  const minShare = number(params.minShare);
  const linkType = text(params.linkType);
  const hideErrors = params.hideErrors ?? params.claudeMode;
  return {
    ...(threshold !== undefined && { threshold: Math.min(1, Math.max(0, threshold)) }),
    ...(topLinks !== undefined && { topLinks: Math.min(2000, Math.max(1, Math.round(topLinks))) }),
    ...(minShare !== undefined && { minShare: Math.min(1, Math.max(0, minShare)) }),
    // Other pages always write 'both' and offer no choice. A view of this page marks that it was chosen.
    ...(linkTypes.includes(linkType) && params.view_version != null && { linkType: linkType as LinkType }),
    ...(hideErrors != null && { hideErrors: hideErrors === true || hideErrors === 'true' }),
    layout: params.layout === 'force' || params.layout === 'layered' ? params.layout : base.layout,
  };
}

function unknown(params: Json): Record<string, unknown> {
  return Object.fromEntries(Object.entries(params).filter(([key]) => !known.has(key)));
}

/** Disjoint groups. A node stays in the first group that has it. */
function resolveGroups(saved: readonly Group[], resolve: (id: string) => string[]): Group[] {
  const taken = new Set<string>();
  return saved.flatMap(({ label, members: ids }) => {
    const members = ids.flatMap(resolve).filter((id) => !taken.has(id));
    for (const id of members) taken.add(id);
    return members.length === 0 ? [] : [{ label: label || 'group', members: [...new Set(members)] }];
  });
}

/**
 * Labels by node id. Keys may also pair layer and index, or be `{layer}_{feature}_{position}` in a file with other ids.
 */
function resolveLabels(graph: Graph, saved: NonNullable<SavedView['labels']>): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [key, label] of saved) for (const node of nodesOfKey(graph, key)) found[graph.ids[node]] = label;
  return found;
}

function nodesOfKey(graph: Graph, key: string): number[] {
  const node = nodeOf(graph, key);
  if (node !== undefined) return [node];
  const features = Array.from(graph.kinds.keys()).filter((each) => isFeatureKind(graph.kinds[each]));
  const paired = number(key);
  if (paired !== undefined) {
    const pairOf = (each: number) => cantorPair(graph.layer[each], graph.feature[each]);
    return features.filter((each) => graph.rawFeature[each] === paired || pairOf(each) === paired);
  }
  const named = parseFeatureId(key);
  if (!named) return [];
  const { layer, feature, position } = named;
  return features.filter(
    (each) =>
      graph.layer[each] === layer &&
      graph.position[each] === position &&
      (graph.feature[each] === feature || graph.rawFeature[each] === feature),
  );
}

function selection(graph: Graph, view: View, clicked: string): string {
  const [, index] = /^supernode-(\d+)$/.exec(clicked) ?? [];
  if (index !== undefined) return view.groups[Number(index)] ? groupKey(view.groups[Number(index)]) : '';
  if (view.groups.some((group) => groupKey(group) === clicked)) return clicked;
  const node = nodeOf(graph, clicked);
  return node === undefined ? '' : graph.ids[node];
}

function positions(graph: Graph, view: View, params: Unchecked<QParams>): Readonly<Record<string, Point>> {
  if (params.positions == null) {
    const listed = positionsFromList(graph, view, text(params.sg_pos));
    return Object.keys(listed).length > 0 ? listed : view.positions;
  }
  const keys = new Set(boxKeys(view));
  return Object.fromEntries(
    Object.entries(record(decodeField(params.positions))).flatMap(([key, value]) => {
      const [x, y] = list(value).map(number);
      return keys.has(key) && x !== undefined && y !== undefined ? [[key, [x, y] as const]] : [];
    }),
  );
}
