import { Random } from '../../../lib/random';
import { Transcoders } from '../../../lib/transcoder';
import { expectBitEqual } from '../../support/compare';
import { countWork } from '../../support/count-work';
import { expectRejection } from '../../support/expect-rejection';
import { writeRandomTranscoders } from '../../support/random-transcoders';

// House, section 0, D5: `decodeLayer` decoded all layers for one.

const [nLayers, dModel, rows, nFeatures] = [8, 64, 200, 96];

test.each([false, true])(
  'decoding a layer takes the memory of one layer, and gives its bits (skip: %p)',
  async (skip) => {
    const { dir } = await writeRandomTranscoders({ format: 'native-per-layer', skip, nLayers, dModel, nFeatures });
    await using set = await Transcoders.load(dir, { device: 'cpu', threads: 1, lazyDecoder: true });
    const x = new Random(7).normals(nLayers * rows * dModel, 0, 1);
    const all = await set.decode(await set.encode(x), x);
    for (const layer of [0, 5, nLayers - 1]) {
      const input = x.slice(layer * rows * dModel, (layer + 1) * rows * dModel);
      const activations = await set.encodeLayer(input, layer);
      const one = await set.decodeLayer(activations, layer, input);
      expect([...one.shape]).toEqual([rows, dModel]);
      expectBitEqual(`layer ${layer}`, one.data, all.data.slice(layer * rows * dModel, (layer + 1) * rows * dModel));
    }
    const input = x.slice(0, rows * dModel);
    const activations = await set.encodeLayer(input, 0);
    const work = await countWork(() => set.decodeLayer(activations, 0, input));
    const whole = await countWork(async () => set.decode(await set.encode(x), x));
    const oneLayer = 4 * rows * dModel;
    // The output; with a skip its product; and a position's decoder rows, one after another.
    expect(work.peakBytes).toBeLessThan((nLayers / 2) * oneLayer);
    expect(work.allocatedBytes).toBeLessThan(whole.allocatedBytes / 4);
  },
);

test('options are checked, and layers across which features write are refused', async () => {
  const { dir } = await writeRandomTranscoders({ format: 'native-per-layer', nLayers: 2, dModel: 4, nFeatures: 3 });
  await using set = await Transcoders.load(dir, { device: 'cpu' });
  const one = { data: new Float32Array(3), shape: [1, 3] };
  await expectRejection(set.decodeLayer(one, 2), 'ERR_INVALID_ARGUMENT', /layer must be/);
  await expectRejection(set.decodeLayer(one, 0, undefined, { sgnal: 1 } as never), 'ERR_INVALID_ARGUMENT', /signal/);
  await expectRejection(set.decodeLayer(one, 0, undefined, { signal: AbortSignal.abort() }), 'ABORT_ERR', /abort/);
  const two = { data: new Float32Array(4), shape: [1, 4] };
  await expectRejection(set.decodeLayer(two, 0), 'ERR_INVALID_ARGUMENT', /multiple of 3/);
});
