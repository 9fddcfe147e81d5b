import { type GroupEdge, groupEdges, type Link } from '../graph-file/group-edges';
import type { PrunedGraph } from './graph';
import type { PrunedNode } from './prune';

/** Nodes of a pruned graph that represent one idea at one position: features with one label, a token, or an output. */
export interface CircuitGroup {
  readonly label: string;
  readonly kind: 'token' | 'feature' | 'logit';
  readonly position: number;
  /** The mean layer of the members. -1 for a token, the number of layers for an output. */
  readonly layer: number;
  readonly nodes: readonly PrunedNode[];
}

export interface Circuit {
  /** From the tokens up. */
  readonly groups: readonly CircuitGroup[];
  /** The edges between groups; see {@link groupEdges}. */
  readonly edges: readonly GroupEdge[];
}

export interface CircuitOptions {
  /**
   * Omit edges with a smaller share of a group's input, and groups that reach the output only through them. Default
   * 0.05.
   */
  readonly minShare?: number;
}

/**
 * The labelled part of a pruned graph in a few groups: features with one label at one position, the tokens and the
 * likeliest output. A group is part of the circuit if a chain of edges leads from it to that output and each of them
 * carries at least `minShare` of the input of the group it leads to. Unlabelled features and errors count as input, but
 * are not shown.
 *
 * @example
 * const { groups, edges } = findCircuit(await graph.prune());
 * for (const { from, to, weight } of edges) console.log(groups[from].label, groups[to].label, weight);
 */
export function findCircuit(pruned: PrunedGraph, { minShare = 0.05 }: CircuitOptions = {}): Circuit {
  const groups = allGroups(pruned);
  const members = groups.map(({ nodes }) => nodes.map(({ index }) => index));
  const strong = groupEdges(links(pruned), members).filter(({ weight }) => Math.abs(weight) >= minShare);
  const reached = leadingTo(
    groups.findIndex(({ kind }) => kind === 'logit'),
    strong,
  );
  const kept = [...reached].sort((a, b) => order(groups[a] as CircuitGroup, groups[b] as CircuitGroup));
  const place = new Map(kept.map((group, i) => [group, i]));
  return {
    groups: kept.map((group) => groups[group] as CircuitGroup),
    edges: strong.flatMap(({ from, to, weight }) => {
      const [source, target] = [place.get(from), place.get(to)];
      return source === undefined || target === undefined ? [] : [{ from: source, to: target, weight }];
    }),
  };
}

function allGroups(pruned: PrunedGraph): CircuitGroup[] {
  const features = new Map<string, PrunedNode[]>();
  const single: CircuitGroup[] = [];
  for (const node of pruned.nodes()) {
    if (node.kind === 'feature' && node.label !== undefined) {
      const key = `${node.position} ${node.label}`;
      features.set(key, [...(features.get(key) ?? []), node]);
    } else if (node.kind === 'token') {
      single.push({ label: node.token, kind: 'token', position: node.position, layer: -1, nodes: [node] });
    } else if (node.kind === 'logit' && node.rank === 0) {
      const { token: label, position } = node;
      single.push({ label, kind: 'logit', position, layer: pruned.graph.nLayers, nodes: [node] });
    }
  }
  return [...single, ...[...features.values()].map(featureGroup)];
}

function featureGroup(nodes: readonly PrunedNode[]): CircuitGroup {
  const [first] = nodes as readonly (PrunedNode & { kind: 'feature' })[];
  const layers = nodes.map((node) => (node.kind === 'feature' ? node.layer : 0));
  const layer = layers.reduce((sum, value) => sum + value, 0) / layers.length;
  return { label: first?.label ?? '', kind: 'feature', position: first?.position ?? 0, layer, nodes };
}

function* links({ edgeSources, edgeTargets, edgeWeights }: PrunedGraph): Generator<Link<number>> {
  for (let i = 0; i < edgeWeights.length; i++) {
    yield { source: edgeSources[i] as number, target: edgeTargets[i] as number, weight: edgeWeights[i] as number };
  }
}

function leadingTo(output: number, edges: readonly GroupEdge[]): Set<number> {
  const reached = new Set([output]);
  for (const group of reached) {
    for (const { from, to } of edges) if (to === group) reached.add(from);
  }
  return reached;
}

function order(a: CircuitGroup, b: CircuitGroup): number {
  return a.layer - b.layer || a.position - b.position || (a.label < b.label ? -1 : 1);
}
