import { buildLinks, type Graph, linksInto, type RawLink } from '../graph/graph';
import { outputToken } from '../graph/names';

/**
 * The graph with an additional output, A minus B, whose edges have the weights w(-> A) - w(-> B). It has no
 * probability, so scores and influence do not change.
 *
 * @param names `A__vs__B`, the texts of output tokens in the file
 * @returns undefined if the graph lacks one of them
 */
export function withLogitDifference(graph: Graph, names: string): Graph | undefined {
  const [plus, minus] = names.split('__vs__').map((name) => findOutput(graph, name));
  if (plus === undefined || minus === undefined || plus === minus) return undefined;
  const weights = new Map<number, number>();
  for (const [output, sign] of [
    [plus, 1],
    [minus, -1],
  ]) {
    for (const link of linksInto(graph, output)) {
      const { [link]: source } = graph.source;
      weights.set(source, (weights.get(source) ?? 0) + sign * graph.weight[link]);
    }
  }
  const old = Array.from(graph.source, (source, link): RawLink => {
    return { source, target: graph.target[link], weight: graph.weight[link] };
  });
  const made = [...weights].map(([source, weight]): RawLink => ({ source, target: graph.n, weight }));
  const [a, b] = [outputToken(graph, plus), outputToken(graph, minus)];
  const nodes = withNode(graph, plus, `virtual-diff-${a}-vs-${b}`, `${a} −${b.startsWith(' ') ? '' : ' '}${b}`);
  return { ...nodes, ...buildLinks(nodes.kinds, [...old, ...made]) };
}

function findOutput(graph: Graph, name: string): number | undefined {
  const isNamed = (node: number) => graph.kinds[node] === 'logit' && outputToken(graph, node) === name;
  return Array.from(graph.kinds.keys()).find(isNamed);
}

/** Insert a node at the position of another. */
function withNode(graph: Graph, like: number, id: string, label: string): Graph {
  const { [like]: layer } = graph.layer;
  const { [like]: row } = graph.row;
  const { [like]: position } = graph.position;
  return {
    ...graph,
    n: graph.n + 1,
    ids: [...graph.ids, id],
    aliases: [...graph.aliases, ''],
    kinds: [...graph.kinds, 'logit'],
    labels: [...graph.labels, label],
    layer: Int32Array.from([...graph.layer, layer]),
    row: Int32Array.from([...graph.row, row]),
    position: Int32Array.from([...graph.position, position]),
    feature: extended(graph.feature, -1),
    rawFeature: extended(graph.rawFeature, Number.NaN),
    activation: extended(graph.activation, Number.NaN),
    influence: extended(graph.influence, Number.NaN),
    ownInfluence: extended(graph.ownInfluence, Number.NaN),
    influenceRank: Int32Array.from([...graph.influenceRank, 0]),
    probability: extended(graph.probability, 0),
  };
}

function extended(values: Float64Array, last: number): Float64Array {
  const result = new Float64Array(values.length + 1);
  result.set(values);
  result[values.length] = last;
  return result;
}
