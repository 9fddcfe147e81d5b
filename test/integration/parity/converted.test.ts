import path from 'node:path';
import { type Graph, ReplacementModel } from '../../../lib';
import { convertTranscoders } from '../../../lib/transcoder';
import { otherOrder } from '../../support/bounds';
import { expectBitEqual, expectClose, expectSameIntegers } from '../../support/compare';
import { caseNames, loadCase } from '../../support/fixtures';
import { temporaryFolder } from '../../support/temporary-folder';
import { partialRunOptions, testDevice } from '../../support/use-case';

/** The graph of a case's prompt by transcoders in `dir`. */
async function graphOf(name: string, dir: string | undefined, lazy: boolean): Promise<Graph> {
  const parity = await loadCase(name);
  const options = { device: testDevice, lazyEncoder: lazy, lazyDecoder: lazy };
  const model = await ReplacementModel.load(parity.modelDir, dir ?? parity.transcoderDir, options);
  try {
    return await model.attribute(parity.request.prompt.text, partialRunOptions(parity));
  } finally {
    await model.dispose();
  }
}

describe.each(caseNames)('%s with converted transcoders', (name) => {
  test('has the same graph, whether read eagerly or lazily', async () => {
    const { transcoderDir } = await loadCase(name);
    const converted = path.join(temporaryFolder(), 'converted');
    await convertTranscoders(transcoderDir, converted);
    const [expected, eager] = [await graphOf(name, undefined, false), await graphOf(name, converted, false)];
    expect(eager.scan).toEqual(expected.scan);
    expectSameIntegers('active features', eager.activeFeatures, expected.activeFeatures);
    expectSameIntegers('selected features', eager.selectedFeatures, expected.selectedFeatures);
    // Encoders stored the other way round send the product down another path of the BLAS: other last bits.
    expectClose('activation values', eager.activationValues, expected.activationValues, otherOrder);
    expectClose('edges', eager.edges, expected.edges);
    const lazy = await graphOf(name, converted, true);
    expectBitEqual('activation values', lazy.activationValues, eager.activationValues);
    expectBitEqual('edges', lazy.edges, eager.edges);
  });
});
