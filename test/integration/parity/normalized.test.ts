import { ReplacementModel } from '../../../lib';
import { modelDir, transcoderDir } from '../../support/fixtures';

// Field faults, section 2: sets of TransformerLens 1 and 2 read the second value; docs/guide/transcoders.md says how to load them.
test.each([
  ['gpt2', 'gpt2-plt-relu'],
  ['neox', 'neox-plt-jumprelu'],
])('%s: mlp.hook_in is ln2.hook_normalized after a gain and a bias for each channel', async (family, set) => {
  await using model = await ReplacementModel.load(modelDir(family), transcoderDir(set));
  const { nLayers, dModel } = model.spec;
  const names = (layer: number) => [`blocks.${layer}.ln2.hook_normalized`, `blocks.${layer}.mlp.hook_in`] as const;
  const layers = Array.from({ length: nLayers }, (_, layer) => names(layer));
  const { cache } = await model.runWithCache([1, 2, 3, 5, 8, 13], layers.flat());
  for (const [before, after] of layers) {
    const [x, y] = [cache[before]?.data ?? new Float32Array(), cache[after]?.data ?? new Float32Array()];
    expect(x.length).toBe(7 * dModel);
    for (let i = 0; i < x.length; i++) {
      const d = i % dModel;
      const change = (values: ArrayLike<number>, at: number) => (values[at] as number) - (values[d] as number);
      // On a line through two positions lie all others. The numbers are of some units, known to 1e-6 of them.
      const [a, b] = [change(y, i) * change(x, d + dModel), change(y, d + dModel) * change(x, i)];
      expect(Math.abs(a - b)).toBeLessThan(1e-4);
    }
    // Before them the mean is 0 and the mean square 1.
    const row = [...x.subarray(0, dModel)];
    expect(row.reduce((sum, value) => sum + value, 0) / dModel).toBeCloseTo(0, 4);
    expect(row.reduce((sum, value) => sum + value ** 2, 0) / dModel).toBeCloseTo(1, 1);
    expect(y).not.toEqual(x);
  }
});
