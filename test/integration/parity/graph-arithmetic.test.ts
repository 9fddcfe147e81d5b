import { Graph } from '../../../lib';
import { cut, share } from '../../support/bounds';
import { expectClose, expectSameIntegers } from '../../support/compare';
import { expectedGraph } from '../../support/expected-graph';
import { caseNames, type ExpectedPruning, loadCase, type ParityCase } from '../../support/fixtures';

/** Kept edges as indices into the rectangle of edges. */
function keptEdges(parity: ParityCase, { edgeMask }: ExpectedPruning): number[] {
  return [...edgeMask.keys()].filter((i) => edgeMask[i] === 1 && parity.edges[i] !== 0);
}

/** Nodes whose influence no other node shares: only their place in the order is certain. */
function nodesWithOwnInfluence(influence: Float32Array): number[] {
  const order = [...influence.keys()].sort((a, b) => (influence[b] as number) - (influence[a] as number));
  const value = (rank: number) => influence[order[rank] as number] ?? Number.NaN;
  const apart = (a: number, b: number) => !(Math.abs(a - b) <= 1e-5 * Math.max(a, b));
  return order.filter((_, rank) => apart(value(rank), value(rank - 1)) && apart(value(rank), value(rank + 1)));
}

// On the expected edges themselves: differences of attribution don't hide, or show as, differences of this arithmetic.
describe.each(caseNames)('%s', (name) => {
  let parity: ParityCase;
  let graph: Graph;
  beforeAll(async () => {
    parity = await loadCase(name);
    graph = new Graph(expectedGraph(parity));
  });

  test('the influence of each node matches the reference', async () => {
    expectClose('influence', await graph.nodeInfluence(), parity.floats('node_influence'));
  });

  test('scores match the reference', async () => {
    const { replacement, completeness } = await graph.scores();
    const expected = parity.request.scores;
    expectClose('scores', [replacement, completeness], [expected.replacement, expected.completeness], share);
  });

  test.each([0, 1])('pruning with settings %d', async (index) => {
    const expected = parity.pruning(index);
    const pruned = await graph.prune({ nodeThreshold: expected.nodeThreshold, edgeThreshold: expected.edgeThreshold });
    expectSameIntegers('node mask', pruned.nodeMask, expected.nodeMask);
    const found = Array.from(pruned.edgeTargets, (target, i) => {
      const row = target < graph.errorStart ? target : target - graph.logitStart + graph.errorStart;
      return row * graph.nNodes + (pruned.edgeSources[i] as number);
    });
    expectSameIntegers('kept edges', found, keptEdges(parity, expected));
    expectClose(
      'edge weights',
      pruned.edgeWeights,
      found.map((i) => parity.edges[i] as number),
    );
  });

  test.each([0, 1])('cumulative scores and cuts with settings %d', async (index) => {
    const expected = parity.pruning(index);
    const pruned = await graph.prune({ nodeThreshold: expected.nodeThreshold, edgeThreshold: expected.edgeThreshold });
    const certain = nodesWithOwnInfluence(parity.floats('node_influence'));
    const pick = (scores: Float32Array) => certain.map((node) => scores[node] as number);
    expectClose('cumulative scores', pick(pruned.cumulativeScores), pick(expected.cumulativeScores), share);
    expectClose('sorted', pruned.cumulativeScores.toSorted(), expected.cumulativeScores.toSorted(), share);
    expectClose('node cut', [pruned.nodeCut], [expected.nodeCut], cut);
    expectClose('edge cut', [pruned.edgeCut], [expected.edgeCut], cut);
  });
});
