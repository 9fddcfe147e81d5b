import type { LinkType, QParams } from '../../../graph-file/schema';
import type { Group } from '../../../graph-file/view';

export type { Group, LinkType };

export type SubgraphLayout = NonNullable<QParams['layout']>;

export type Point = readonly [x: number, y: number];

/** The arrangement of the page for one graph. Immutable: every change makes a new one. */
export interface View {
  readonly pins: readonly string[];
  /** Disjoint. Each has at least one member, and its members are pinned. */
  readonly groups: readonly Group[];
  /** By node id. */
  readonly labels: Readonly<Record<string, string>>;
  /** The positions of boxes that were dragged, by box key, in units of the subgraph. */
  readonly positions: Readonly<Record<string, Point>>;
  /** A node id, the key of a group, or ''. */
  readonly selected: string;
  /** Nodes with a larger cumulative influence are hidden. From the graph's `keptInfluence` on, none are. */
  readonly threshold: number;
  readonly hideErrors: boolean;
  readonly linkType: LinkType;
  /** The maximum number of edges to draw per node. */
  readonly topLinks: number;
  /** Edges with a smaller absolute share are neither drawn nor listed. */
  readonly minShare: number;
  readonly layout: SubgraphLayout;
  /** Fields of a saved view that this page does not know. They are kept for other readers of the file. */
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

/** The key of a group, which is its first member. Merging and renaming keep it. */
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

/** The node ids in a box: the members of a group, or the node itself. */
export function membersOf(view: Pick<View, 'groups'>, key: string): readonly string[] {
  return groupOfKey(view, key)?.members ?? [key];
}

/** The keys of the subgraph's boxes: pinned nodes that are in no group, then groups. */
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

/** Remove unpinned nodes from their groups. A group of fewer than two nodes is dissolved. */
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
 * Merge several boxes into one group at the index of the first. Groups among them are merged. The label is the first
 * label of a group, otherwise `label`.
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

/** Dissolve a group. Its members stay pinned. */
export function ungroup(view: View, key: string): View {
  const gone = groupOfKey(view, key);
  if (!gone) return view;
  const selected = view.selected === key ? '' : view.selected;
  return keepPlaces(view, { ...view, selected, groups: view.groups.filter((each) => each !== gone) });
}

/** Remove a node from its group. It stays pinned. */
export function leaveGroup(view: View, id: string): View {
  const left = groupOfNode(view, id);
  if (!left) return view;
  return pin(unpin(view, [id]), [id]);
}

/** Name a group or label a node. An empty label restores the node's own. */
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

/** Remove the positions of boxes that no longer exist in `next`, and its selection if that was a removed group. */
function keepPlaces(before: View, next: View): View {
  const keys = new Set(boxKeys(next));
  const positions = Object.fromEntries(Object.entries(next.positions).filter(([key]) => keys.has(key)));
  const lost = isGroupKey(next.selected) && !keys.has(next.selected);
  return { ...next, positions, selected: lost && before.selected === next.selected ? '' : next.selected };
}
