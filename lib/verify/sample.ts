import type { Graph } from '../graph/graph';
import type { ErrorNode, FeatureNode, TokenNode } from '../graph/nodes';
import type { Random } from '../random';

/** A node with outgoing edges, on which the check intervenes. */
export type SourceNode = FeatureNode | ErrorNode | TokenNode;

/**
 * Draw nodes without replacement: half features, a quarter errors, a quarter tokens, and more of the other kinds if
 * there are too few of one. The order is that of the graph's nodes.
 *
 * @param specialPositions the first position whose errors are drawn; earlier errors are zero by definition
 */
export function sampleNodes(graph: Graph, count: number, specialPositions: number, random: Random): SourceNode[] {
  const { errorStart, tokenStart, logitStart, nPositions } = graph;
  const features = range(0, errorStart);
  const errors = range(errorStart, tokenStart).filter((i) => (i - errorStart) % nPositions >= specialPositions);
  const tokens = range(tokenStart, logitStart);
  const quarter = Math.floor(count / 4);
  const chosen = [draw(errors, quarter, random), draw(tokens, quarter, random)].flat();
  chosen.push(...draw(features, count - chosen.length, random));
  const used = new Set(chosen);
  const rest = [...errors, ...tokens].filter((i) => !used.has(i));
  chosen.push(...draw(rest, count - chosen.length, random));
  return chosen.sort((a, b) => a - b).map((index) => graph.node(index) as SourceNode);
}

function range(start: number, end: number): number[] {
  return Array.from({ length: end - start }, (_, i) => start + i);
}

/** The first steps of a Fisher-Yates shuffle. */
function draw(from: readonly number[], count: number, random: Random): number[] {
  const pool = [...from];
  const size = Math.min(count, pool.length);
  for (let i = 0; i < size; i++) {
    const other = i + Math.floor(random.uniform() * (pool.length - i));
    [pool[i], pool[other]] = [pool[other] as number, pool[i] as number];
  }
  return pool.slice(0, size);
}
