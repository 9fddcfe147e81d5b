import { verifyGraph } from '../../lib';
import { caseNames } from '../support/fixtures';
import { fullRunOptions, partialRunOptions, useCase } from '../support/use-case';

describe.each(caseNames)('%s', (name) => {
  const used = useCase(name);

  test('every edge of the sampled nodes is what the frozen model does', async () => {
    const { parity, model } = used;
    const graph = await model.attribute(parity.request.prompt.text, fullRunOptions(parity));
    const { frozen, free } = await verifyGraph(graph, model, { samples: 60, seed: 3 });
    expect(frozen.worst.filter(({ error }) => error > frozen.allowedError)).toEqual([]);
    expect(frozen).toMatchObject({ passed: true, shareOfSamplesWithinTolerance: 1, shareWithinTolerance: 1 });
    expect(Math.min(...Object.values(frozen.samples))).toBeGreaterThan(5);
    expect(free.samples).toBe(frozen.samples.features);
    expect(free.comparisons).toBe(free.samples * graph.nLogits);
  });

  test('nor does a graph of the most influential features fail', async () => {
    const { parity, model } = used;
    const graph = await model.attribute(parity.request.prompt.text, partialRunOptions(parity));
    expect((await verifyGraph(graph, model, { samples: 12 })).frozen.passed).toBe(true);
  });
});
