import type { Graph } from '../graph/graph';
import type { ErrorNode, FeatureNode, TokenNode } from '../graph/nodes';
import type { Random } from '../random';

/** A node whose edges go out: what the check intervenes on. */
export type SourceNode = FeatureNode | ErrorNode | TokenNode;

/**
 * Nodes drawn without replacement: half of them features, a quarter errors, a quarter tokens, and more of the others
 * where there are too few of a kind. In the order of the graph's nodes.
 *
 * @param specialPositions errors before this position are zero by definition and never drawn
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

/** The first steps of Fisher and Yates' shuffle. */
function draw(from: readonly number[], count: number, random: Random): number[] {
  const pool = [...from];
  const size = Math.min(count, pool.length);
  for (let i = 0; i < size; i++) {
    const other = i + Math.floor(random.uniform() * (pool.length - i));
    [pool[i], pool[other]] = [pool[other] as number, pool[i] as number];
  }
  return pool.slice(0, size);
}
