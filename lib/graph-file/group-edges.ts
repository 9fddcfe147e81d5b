/** The direct effect of one node on another. `N` identifies nodes: by index in a graph, by id in a graph file. */
export interface Link<N> {
  readonly source: N;
  readonly target: N;
  readonly weight: number;
}

/** The share of a group's outside input that comes from another group. Negative if it inhibits. */
export interface GroupEdge {
  /** Indices in the list of groups. */
  readonly from: number;
  readonly to: number;
  readonly weight: number;
}

/**
 * Compute the edges between groups of nodes. For members s of X and t of Y, let A(t) be the absolute input of t, and
 * Ext(t) the part of it that comes from outside Y:
 *
 *   weight(X -> Y) = sum of w(s -> t) / Ext(t) * omega(t),   omega(t) = Ext(t) / A(t) / sum over Y of Ext / A
 *
 * This is the mean over Y's members of the share of outside input that comes from X. For single nodes, it is the plain
 * share. The graph page of the reference implementation shows the same numbers.
 *
 * @param groups disjoint groups; sources outside of them count as input
 * @returns the non-zero edges between groups, sorted by `from` and `to`
 */
export function groupEdges<N>(links: Iterable<Link<N>>, groups: readonly (readonly N[])[]): GroupEdge[] {
  const groupOf = new Map(groups.flatMap((members, group) => members.map((node) => [node, group] as const)));
  const inputs = inputsOf(links, groupOf);
  const weights = new Map<string, { from: number; to: number; weight: number }>();
  for (const [to, members] of groups.entries()) {
    const shareOutside = (node: N) => share(inputs.get(node)?.outside ?? 0, inputs.get(node)?.all ?? 0);
    const total = members.reduce((sum, node) => sum + shareOutside(node), 0);
    for (const node of members) {
      const { outside, fromGroups } = inputs.get(node) ?? nothing;
      const factor = share(shareOutside(node), total) * share(1, outside);
      for (const [from, weight] of fromGroups) {
        const key = `${from} ${to}`;
        const edge = weights.get(key) ?? { from, to, weight: 0 };
        weights.set(key, { ...edge, weight: edge.weight + weight * factor });
      }
    }
  }
  return [...weights.values()].sort((a, b) => a.from - b.from || a.to - b.to);
}

interface Input {
  all: number;
  outside: number;
  /** The signed sums of edges from other groups. */
  readonly fromGroups: ReadonlyMap<number, number>;
}

const nothing: Input = { all: 0, outside: 0, fromGroups: new Map() };

function inputsOf<N>(links: Iterable<Link<N>>, groupOf: ReadonlyMap<N, number>): Map<N, Input> {
  const inputs = new Map<N, Input & { fromGroups: Map<number, number> }>();
  for (const { source, target, weight } of links) {
    const to = groupOf.get(target);
    if (to === undefined) continue;
    const input = inputs.get(target) ?? { all: 0, outside: 0, fromGroups: new Map<number, number>() };
    inputs.set(target, input);
    input.all += Math.abs(weight);
    const from = groupOf.get(source);
    if (from === to) continue;
    input.outside += Math.abs(weight);
    if (from !== undefined) input.fromGroups.set(from, (input.fromGroups.get(from) ?? 0) + weight);
  }
  return inputs;
}

function share(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}
