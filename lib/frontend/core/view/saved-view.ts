import { cantorPair } from '../../../graph-file/cantor';
import type { Graph } from '../graph/graph';
import { nodeOf } from '../graph/graph';
import { isRecord, type Json, list, number, record, text } from '../graph/json';
import { isFeatureKind } from '../graph/node-kind';
import { positionsFromList } from './saved-positions';
import { boxKeys, emptyView, type Group, groupKey, type LinkType, type Point, pin, type View } from './view';

export interface ReadView {
  readonly view: View;
  /** Ids that the graph doesn't have. */
  readonly lost: readonly string[];
}

const linkTypes: readonly string[] = ['input', 'output', 'either', 'both'] satisfies LinkType[];

/** Fields this page reads; all others are kept as they are. */
const known = new Set([
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
 * A saved view (`qParams` of a graph file, or the parameters of a URL) on top of `base`. Lists may be lists, JSON, JSON
 * encoded once more for a URL, or ids joined by commas, as different pages write them; what isn't understood is left as
 * in `base`.
 */
export function readView(graph: Graph, params: Json, base: View = emptyView): ReadView {
  const lost: string[] = [];
  const resolve = (id: string) => {
    const node = nodeOf(graph, id);
    if (node === undefined) lost.push(id);
    return node === undefined ? [] : [graph.ids[node]];
  };
  let view: View = { ...base, ...settings(params, base), extra: { ...base.extra, ...unknown(params) } };
  if (params.pinnedIds != null) view = { ...view, pins: [...new Set(ids(params.pinnedIds).flatMap(resolve))] };
  if (params.supernodes != null) view = { ...view, groups: groups(params.supernodes, resolve) };
  if (params.clerps != null) view = { ...view, labels: labels(graph, params.clerps) };
  view = pin(
    view,
    view.groups.flatMap(({ members }) => members),
  );
  const clicked = text(params.clickedId);
  if (params.clickedId != null) view = { ...view, selected: selection(graph, view, clicked) };
  return { view: { ...view, positions: positions(graph, view, params) }, lost };
}

/** The fields of a saved view, in the forms the other pages read, and `positions` by box key. */
export function writeView(view: View): Record<string, unknown> {
  return {
    ...view.extra,
    view_version: 1,
    pinnedIds: view.pins,
    supernodes: view.groups.map(({ label, members }) => [label, ...members]),
    clerps: Object.entries(view.labels),
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

/** The view as text, to tell whether something was changed; what is selected isn't a change. */
export function viewText(view: View): string {
  return JSON.stringify(writeView({ ...view, selected: '' }));
}

function settings(params: Json, base: View): Partial<View> {
  const threshold = number(params.pruningThreshold);
  const topLinks = number(params.topLinks);
  const minShare = number(params.minShare);
  const linkType = text(params.linkType);
  const hideErrors = params.hideErrors ?? params.claudeMode;
  return {
    ...(threshold !== undefined && { threshold: Math.min(1, Math.max(0, threshold)) }),
    ...(topLinks !== undefined && { topLinks: Math.min(2000, Math.max(1, Math.round(topLinks))) }),
    ...(minShare !== undefined && { minShare: Math.min(1, Math.max(0, minShare)) }),
    // Other pages write 'both' always and offer no choice; a view of this page says it made one.
    ...(linkTypes.includes(linkType) && params.view_version != null && { linkType: linkType as LinkType }),
    ...(hideErrors != null && { hideErrors: hideErrors === true || hideErrors === 'true' }),
    layout: params.layout === 'force' || params.layout === 'layered' ? params.layout : base.layout,
  };
}

function unknown(params: Json): Record<string, unknown> {
  return Object.fromEntries(Object.entries(params).filter(([key]) => !known.has(key)));
}

function ids(given: unknown): string[] {
  const value = decoded(given);
  if (Array.isArray(value)) return value.map(text).filter(Boolean);
  return text(value).split(',').filter(Boolean);
}

/** JSON as written or percent-encoded once more; other text with that encoding removed. */
function decoded(given: unknown): unknown {
  if (typeof given !== 'string') return given;
  for (const candidate of [given, unescaped(given)]) {
    if (!/^\s*[[{]/.test(candidate)) continue;
    try {
      return JSON.parse(candidate);
    } catch {
      // The other spelling may be JSON.
    }
  }
  return unescaped(given);
}

function unescaped(given: string): string {
  try {
    return decodeURIComponent(given);
  } catch {
    return given;
  }
}

/** Disjoint: a node stays in the first group that has it. */
function groups(given: unknown, resolve: (id: string) => string[]): Group[] {
  const taken = new Set<string>();
  return list(decoded(given)).flatMap((item) => {
    const [label, ...ids] = list(item).map(text);
    const members = ids.flatMap(resolve).filter((id) => !taken.has(id));
    for (const id of members) taken.add(id);
    return members.length === 0 ? [] : [{ label: label || 'group', members: [...new Set(members)] }];
  });
}

/** By node id; keys may also pair layer and index, or be `{layer}_{feature}_{position}` of a file with other ids. */
function labels(graph: Graph, given: unknown): Record<string, string> {
  const value = decoded(given);
  const pairs = isRecord(value) ? Object.entries(value) : list(value).map(list);
  const found: Record<string, string> = {};
  for (const [key, label] of pairs) {
    if (text(label) === '') continue;
    for (const node of nodesOfKey(graph, text(key))) found[graph.ids[node]] = text(label);
  }
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
  const [, layer, feature, position] = /^(\d+)_(\d+)_(\d+)$/.exec(key) ?? [];
  return features.filter(
    (each) =>
      graph.layer[each] === Number(layer) &&
      graph.position[each] === Number(position) &&
      (graph.feature[each] === Number(feature) || graph.rawFeature[each] === Number(feature)),
  );
}

function selection(graph: Graph, view: View, clicked: string): string {
  const [, index] = /^supernode-(\d+)$/.exec(clicked) ?? [];
  if (index !== undefined) return view.groups[Number(index)] ? groupKey(view.groups[Number(index)]) : '';
  if (view.groups.some((group) => groupKey(group) === clicked)) return clicked;
  const node = nodeOf(graph, clicked);
  return node === undefined ? '' : graph.ids[node];
}

function positions(graph: Graph, view: View, params: Json): Readonly<Record<string, Point>> {
  if (params.positions == null) {
    const listed = positionsFromList(graph, view, text(params.sg_pos));
    return Object.keys(listed).length > 0 ? listed : view.positions;
  }
  const keys = new Set(boxKeys(view));
  return Object.fromEntries(
    Object.entries(record(decoded(params.positions))).flatMap(([key, value]) => {
      const [x, y] = list(value).map(number);
      return keys.has(key) && x !== undefined && y !== undefined ? [[key, [x, y] as const]] : [];
    }),
  );
}
