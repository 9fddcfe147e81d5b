import { featureId } from '../../../graph-file/node-id';
import { isFeatureKind } from '../../../graph-file/schema';
import type { TokenChance } from '../../../server/api';
import type { Graph } from '../graph/graph';
import { titleOf } from '../graph/names';
import { boxKeys, groupOfKey, membersOf, type View } from './view';
import { nodesOf } from './visible';

/** A pinned feature, or a group with features, which can be steered. */
export interface SteerTarget {
  readonly key: string;
  readonly title: string;
  readonly nodes: readonly number[];
}

/** The default factor of activations, which switches them off. */
export const usualFactor = 0;

/** The boxes of the subgraph that have features. Tokens, outputs and errors cannot be steered. */
export function steerTargets(graph: Graph, view: View): SteerTarget[] {
  return boxKeys(view).flatMap((key) => {
    const nodes = nodesOf(graph, membersOf(view, key)).filter((node) => isFeatureKind(graph.kinds[node]));
    if (nodes.length === 0) return [];
    return [{ key, nodes, title: groupOfKey(view, key)?.label ?? titleOf(graph, nodes[0], view.labels) }];
  });
}

/** The id of a feature for the server: `{layer}_{feature}_{position}`, whatever id the file has. */
export function steerName(graph: Graph, node: number): string {
  return featureId({ layer: graph.layer[node], feature: graph.feature[node], position: graph.position[node] });
}

export interface ChanceRow {
  readonly token: string;
  /** NaN if the server did not return the token. */
  readonly before: number;
  readonly after: number;
}

/** Both distributions in one table, sorted by the larger probability. */
export function chanceRows(before: readonly TokenChance[], after: readonly TokenChance[]): ChanceRow[] {
  const earlier = new Map(before.map(({ token, probability }) => [token, probability]));
  const later = new Map(after.map(({ token, probability }) => [token, probability]));
  const rows = [...new Set([...earlier.keys(), ...later.keys()])].map((token) => ({
    token,
    before: earlier.get(token) ?? Number.NaN,
    after: later.get(token) ?? Number.NaN,
  }));
  const size = (row: ChanceRow) => Math.max(row.before || 0, row.after || 0);
  return rows.sort((a, b) => size(b) - size(a));
}
