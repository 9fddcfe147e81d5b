import type { Graph } from '../../../lib';
import { expectBitEqual, expectSameIntegers } from '../../support/compare';
import { caseNames } from '../../support/fixtures';
import { loadModel, partialRunOptions, useCase } from '../../support/use-case';

function expectEqualGraphs(found: Graph, expected: Graph): void {
  expectSameIntegers('active features', found.activeFeatures, expected.activeFeatures);
  expectSameIntegers('selected features', found.selectedFeatures, expected.selectedFeatures);
  expectBitEqual('activation values', found.activationValues, expected.activationValues);
  expectBitEqual('edges', found.edges, expected.edges);
}

describe.each(caseNames)('%s', (name) => {
  const used = useCase(name, { lazyEncoder: false, lazyDecoder: false });
  let eager: Graph;
  beforeAll(async () => {
    eager = await used.model.attribute(used.parity.request.prompt.text, partialRunOptions(used.parity));
  });

  test.each([
    { lazyEncoder: true, lazyDecoder: false },
    { lazyEncoder: false, lazyDecoder: true },
    { lazyEncoder: true, lazyDecoder: true },
    { lazyEncoder: true, lazyDecoder: true, lazyWeights: true },
  ])('%o gives the same bits as loading everything', async (options) => {
    const model = await loadModel(used.parity, options);
    try {
      expectEqualGraphs(await model.attribute(used.parity.request.prompt.text, partialRunOptions(used.parity)), eager);
    } finally {
      await model.dispose();
    }
  });

  test.each(['cpu', 'disk'] as const)('offloading to %s gives the same bits', async (offload) => {
    const { model, parity } = used;
    const options = { ...partialRunOptions(parity), offload };
    expectEqualGraphs(await model.attribute(parity.request.prompt.text, options), eager);
  });

  test('repeating a run gives the same bits', async () => {
    const { model, parity } = used;
    expectEqualGraphs(await model.attribute(parity.request.prompt.text, partialRunOptions(parity)), eager);
  });
});
