import { type Graph, ReplacementModel } from '../../../lib';
import { otherOrder } from '../../support/bounds';
import { expectBitEqual, expectClose, expectSameIntegers } from '../../support/compare';
import { expectRejection } from '../../support/expect-rejection';
import { fullRunOptions, partialRunOptions, testDevice, useCase } from '../../support/use-case';

function expectEqualGraphs(found: Graph, expected: Graph): void {
  expectSameIntegers('selected features', found.selectedFeatures, expected.selectedFeatures);
  expectBitEqual('edges', found.edges, expected.edges);
}

describe.each(['gemma2-clt-relu', 'llama-plt-relu-skip', 'neox-plt-jumprelu'])('%s', (name) => {
  const used = useCase(name);

  test.each([1, 2, 5])('rows shared out among %d devices are the same bit for bit', async (count) => {
    const { model, parity } = used;
    const { text } = parity.request.prompt;
    const devices = Array.from({ length: count }, () => testDevice);
    for (const options of [fullRunOptions(parity), partialRunOptions(parity)]) {
      const alone = await model.attribute(text, options);
      expectEqualGraphs(await model.attribute(text, { ...options, devices }), alone);
    }
  });

  test('offloading weights gives the same edges', async () => {
    const { model, parity } = used;
    const { text } = parity.request.prompt;
    const options = partialRunOptions(parity);
    const devices = [testDevice, testDevice];
    const shared = await model.attribute(text, { ...options, devices, offload: 'disk' });
    expectEqualGraphs(shared, await model.attribute(text, options));
  });

  test("batchSize 'auto' chooses the features that the default chooses", async () => {
    const { model, parity } = used;
    const { text } = parity.request.prompt;
    const maxFeatureNodes = Math.floor(parity.nFeatures / 2);
    const byDefault = await model.attribute(text, { maxFeatureNodes, updateInterval: 1 });
    const auto = await model.attribute(text, { maxFeatureNodes, updateInterval: 1, batchSize: 'auto' });
    expectSameIntegers('selected features', auto.selectedFeatures, byDefault.selectedFeatures);
    expectClose('edges', auto.edges, byDefault.edges, otherOrder);
    // What was asked for is kept with the graph.
    const kept = { maxNLogits: 10, desiredLogitProb: 0.95, maxFeatureNodes, updateInterval: 1, offload: null };
    const where = { dtype: model.dtype, device: model.device };
    expect(byDefault.settings).toMatchObject({ ...kept, ...where, batchSize: 512 });
    expect(auto.settings).toEqual({ ...byDefault.settings, batchSize: null });
  });
});

test('devices that are not there are refused before the work', async () => {
  await using model = await ReplacementModel.load('demo', undefined, { device: 'cpu' });
  const seen: string[] = [];
  const devices = ['cpu', 'cuda:77'] as const;
  const onProgress = ({ phase }: { phase: string }) => void seen.push(phase);
  await expectRejection(model.attribute('Austin', { devices, onProgress }), 'ERR_DEVICE', /cuda:77/);
  expect(seen).toEqual([]);
});
