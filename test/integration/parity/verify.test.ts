import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Graph, type ReplacementModel, type TargetSpec, verifyGraph } from '../../../lib';
import { caseNames } from '../../support/fixtures';
import { fullRunOptions, partialRunOptions, useCase } from '../../support/use-case';

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

  test('targets of every kind are checked, also in a graph saved and loaded', async () => {
    const { parity, model } = used;
    const made = await model.attribute(parity.request.prompt.text, { targets: mixedTargets(model), batchSize: 7 });
    const graph = await savedAndLoaded(made);
    expect(graph.logits).toEqual(made.logits);
    const { frozen } = await verifyGraph(graph, model, { samples: 20, seed: 1 });
    expect(frozen.worst.filter(({ error }) => error > frozen.allowedError)).toEqual([]);
    const sources = Object.values(frozen.samples).reduce((sum, count) => sum + count, 0);
    const ownPairs = frozen.samples.features; // a feature isn't compared with itself
    expect(frozen.comparisons).toBe(sources * (graph.nSelected + graph.nLogits) - ownPairs);
  });
});

function mixedTargets({ spec: { nLayers, dModel } }: ReplacementModel): TargetSpec[] {
  const vector = Float32Array.from({ length: dModel }, (_, i) => Math.sin(i + 1));
  return [
    5,
    { token: 7, position: 2 },
    { difference: [5, 6] },
    { label: 'a direction', vector, position: -2 },
    { feature: { layer: nLayers - 1, position: -1, feature: 3 } },
  ];
}

async function savedAndLoaded(graph: Graph): Promise<Graph> {
  const folder = await mkdtemp(join(tmpdir(), 'verify-'));
  try {
    await graph.save(join(folder, 'graph.safetensors'));
    return await Graph.load(join(folder, 'graph.safetensors'));
  } finally {
    await rm(folder, { recursive: true });
  }
}
