import path from 'node:path';
import { Graph, type TargetSpec } from '../../../lib';
import { rounded, twoRuns } from '../../support/bounds';
import { expectClose, expectProbabilities, expectSameIntegers, maxMagnitude } from '../../support/compare';
import { caseNames, type ParityCase } from '../../support/fixtures';
import { expectSameGraph } from '../../support/same-graph';
import { temporaryFolder } from '../../support/temporary-folder';
import { customTargets, fullRunOptions, useCase } from '../../support/use-case';

type Kind = 'ids' | 'strings' | 'custom';

/** Rows of the logits, [K, M - K]: all sources. */
function logitRows(graph: Graph): Float32Array {
  const nLogits = graph.logits.length;
  const rows = Array.from({ length: nLogits }, (_, k) => {
    const start = (graph.nSelected + k) * graph.nNodes;
    return [...graph.edges.subarray(start, start + graph.nNodes - nLogits)];
  });
  return Float32Array.from(rows.flat());
}

function expectTargets(graph: Graph, parity: ParityCase, kind: Kind): void {
  const { result } = parity.request.targets[kind];
  expect(graph.logits.map(({ token, tokenId }) => ({ token, vocab_idx: tokenId }))).toEqual(result);
  const probabilities = graph.logits.map(({ weight }) => weight);
  const expected = parity.floats(`targets.${kind}.probabilities`);
  // A direction comes with its weight.
  if (kind === 'custom') expectClose('weights', probabilities, expected, rounded);
  else expectProbabilities(`${kind} weights`, probabilities, expected, parity.floats('logits'));
  expectClose(`${kind} rows`, logitRows(graph), parity.floats(`targets.${kind}.rows`));
}

describe.each(caseNames)('%s', (name) => {
  const used = useCase(name);
  const attribute = (targets: readonly TargetSpec[]) =>
    used.model.attribute(used.parity.request.prompt.text, { ...fullRunOptions(used.parity), targets });

  test.each<Kind>(['ids', 'strings'])('tokens as %s', async (kind) => {
    const graph = await attribute(used.parity.request.targets[kind].request);
    expectTargets(graph, used.parity, kind);
    expectSameIntegers('active features', graph.activeFeatures, used.parity.activeFeatures);
  });

  test('a direction', async () => {
    expectTargets(await attribute(customTargets(used.parity)), used.parity, 'custom');
  });

  test('a difference of logits is the difference of their rows', async () => {
    const [a, b] = used.parity.request.targets.ids.request as [number, number];
    const one = await attribute([a, b]);
    const [first, second] = split(logitRows(one));
    const other = await attribute([{ difference: [a, b], weight: 0.5 }]);
    const expected = first.map((value, i) => value - (second[i] as number));
    // Weights of rows that nearly cancel can't be nearer than the rows themselves.
    expectClose('row', logitRows(other), expected, { absolute: twoRuns.relativeToMax * maxMagnitude(first) });
    const tokens = one.logits.map(({ token }) => token);
    expect(other.logits).toEqual([
      {
        tokenId: used.model.spec.dVocab,
        token: `${tokens[0]} - ${tokens[1]}`,
        weight: 0.5,
        vector: expect.objectContaining({ length: used.model.spec.dModel }),
      },
    ]);
  });

  test("a feature's row is the one it has as a node", async () => {
    const { parity } = used;
    const last = parity.nFeatures - 1;
    const [layer, position, feature] = parity.activeFeatures.slice(3 * last) as unknown as [number, number, number];
    const graph = await attribute([0, { feature: { layer, position, feature } }]);
    const [, row] = split(logitRows(graph));
    const own = graph.edges.slice(last * graph.nNodes, last * graph.nNodes + row.length);
    expectClose('row', row, own);
    expect(graph.logits[1]).toMatchObject({ tokenId: used.model.spec.dVocab + 1, feature: { layer, feature } });

    const file = path.join(temporaryFolder(), 'graph.safetensors');
    await graph.save(file);
    expectSameGraph(await Graph.load(file), graph);
  });
});

function split(rows: Float32Array): [Float32Array, Float32Array] {
  return [rows.slice(0, rows.length / 2), rows.slice(rows.length / 2)];
}
