import type { LinkType, QParams } from '../../../graph-file/schema';
import type { Group } from '../../../graph-file/view';

export type { Group, LinkType };

export type SubgraphLayout = NonNullable<QParams['layout']>;

export type Point = readonly [x: number, y: number];

/** All that a reader arranges on the page of one graph. Immutable; every change makes a new one. */
export interface View {
  readonly pins: readonly string[];
  /** Disjoint; each has at least one member, and its members are pinned. */
  readonly groups: readonly Group[];
  /** By node id. */
  readonly labels: Readonly<Record<string, string>>;
  /** Places of boxes that were dragged, by box key, in units of the subgraph. */
  readonly positions: Readonly<Record<string, Point>>;
  /** A node id, the key of a group, or nothing. */
  readonly selected: string;
  /** Nodes of a cumulative influence above this are hidden; none from the graph's `keptInfluence` on. */
  readonly threshold: number;
  readonly hideErrors: boolean;
  readonly linkType: LinkType;
  /** At most so many links per node are drawn. */
  readonly topLinks: number;
  /** Links of a smaller absolute share are neither drawn nor listed. */
  readonly minShare: number;
  readonly layout: SubgraphLayout;
  /** Fields of a saved view that this page doesn't know; kept for other readers of the file. */
  readonly extra: Readonly<Record<string, unknown>>;
}

export const emptyView: View = {
  pins: [],
  groups: [],
  labels: {},
  positions: {},
  selected: '',
  threshold: 1,
  hideErrors: false,
  linkType: 'either',
  topLinks: 200,
  minShare: 0,
  layout: 'layered',
  extra: {},
};

const groupMark = 'group:';

/** A group is known by its first member, which merging and renaming keep. */
export function groupKey(group: Group): string {
  return groupMark + group.members[0];
}

export function isGroupKey(key: string): boolean {
  return key.startsWith(groupMark);
}

export function groupOfKey(view: Pick<View, 'groups'>, key: string): Group | undefined {
  return isGroupKey(key) ? view.groups.find((group) => groupKey(group) === key) : undefined;
}

export function groupOfNode(view: Pick<View, 'groups'>, id: string): Group | undefined {
  return view.groups.find(({ members }) => members.includes(id));
}

/** Node ids a box stands for: of a group its members, of a node itself. */
export function membersOf(view: Pick<View, 'groups'>, key: string): readonly string[] {
  return groupOfKey(view, key)?.members ?? [key];
}

/** Keys of the subgraph's boxes: pinned nodes of no group, then groups. */
export function boxKeys(view: Pick<View, 'pins' | 'groups'>): string[] {
  const grouped = new Set(view.groups.flatMap(({ members }) => members));
  return [...view.pins.filter((id) => !grouped.has(id)), ...view.groups.map(groupKey)];
}

export function select(view: View, key: string): View {
  return { ...view, selected: key };
}

export function pin(view: View, ids: readonly string[]): View {
  const fresh = ids.filter((id, place) => !view.pins.includes(id) && ids.indexOf(id) === place);
  return fresh.length === 0 ? view : { ...view, pins: [...view.pins, ...fresh] };
}

/** Unpinned nodes leave their groups; a group of fewer than two dissolves. */
export function unpin(view: View, ids: readonly string[]): View {
  const gone = new Set(ids);
  const groups = view.groups.flatMap((group) => {
    const members = group.members.filter((id) => !gone.has(id));
    const kept = members.length === group.members.length;
    return kept ? [group] : members.length >= 2 ? [{ ...group, members }] : [];
  });
  return keepPlaces(view, { ...view, groups, pins: view.pins.filter((id) => !gone.has(id)) });
}

export function togglePin(view: View, key: string): View {
  const ids = membersOf(view, key);
  return ids.every((id) => view.pins.includes(id)) ? unpin(view, ids) : pin(view, ids);
}

/**
 * Make one group of several boxes, at the first one's place. Groups among them merge: the first label of a group wins,
 * else `label`.
 */
export function group(view: View, keys: readonly string[], label: string): View {
  const merged = keys.flatMap((key) => groupOfKey(view, key) ?? []);
  const members = [...new Set(keys.flatMap((key) => membersOf(view, key)))];
  if (members.length < 2 || (merged.length === 1 && keys.length === 1)) return view;
  const made: Group = { label: merged[0]?.label ?? label, members };
  const kept = view.groups.filter((each) => !merged.includes(each));
  const next = pin({ ...view, groups: [...kept, made], selected: groupKey(made) }, members);
  const place = keys.map((key) => view.positions[key]).find((point) => point);
  return keepPlaces(view, place ? { ...next, positions: { ...next.positions, [groupKey(made)]: place } } : next);
}

/** Members stay pinned. */
export function ungroup(view: View, key: string): View {
  const gone = groupOfKey(view, key);
  if (!gone) return view;
  const selected = view.selected === key ? '' : view.selected;
  return keepPlaces(view, { ...view, selected, groups: view.groups.filter((each) => each !== gone) });
}

/** Take one node out of its group; it stays pinned. */
export function leaveGroup(view: View, id: string): View {
  const left = groupOfNode(view, id);
  if (!left) return view;
  return pin(unpin(view, [id]), [id]);
}

/** Name a group, or label a node; an empty label brings a node's own back. */
export function rename(view: View, key: string, label: string): View {
  const named = groupOfKey(view, key);
  if (named) {
    const groups = view.groups.map((each) => (each === named ? { ...each, label: label.trim() || 'group' } : each));
    return { ...view, groups };
  }
  const { [key]: _, ...labels } = view.labels;
  return { ...view, labels: label.trim() === '' ? labels : { ...labels, [key]: label.trim() } };
}

export function move(view: View, key: string, point: Point): View {
  return { ...view, positions: { ...view.positions, [key]: point } };
}

/** Forget the places of boxes that `next` no longer has, and its selection if that was a group that is gone. */
function keepPlaces(before: View, next: View): View {
  const keys = new Set(boxKeys(next));
  const positions = Object.fromEntries(Object.entries(next.positions).filter(([key]) => keys.has(key)));
  const lost = isGroupKey(next.selected) && !keys.has(next.selected);
  return { ...next, positions, selected: lost && before.selected === next.selected ? '' : next.selected };
}
