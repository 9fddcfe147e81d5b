import { readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { ReplacementModel, type SparseActivations } from '../../../lib';
import { PackedFeatures } from '../../../lib/harvest';

const corpus = path.join(__dirname, '..', '..', '..', 'scripts', 'demo-model', 'harvest.txt.gz');
const lines = gunzipSync(readFileSync(corpus)).toString('utf8').split('\n');

/** Three digits are written, and half a unit of the third is at most 0.5 % of the number; the rest is rounding of the run. */
const writtenDigits = 0.0051;

/** The largest activation of a feature on any of the lines; 0 where it is not active. */
async function strongestOn(model: ReplacementModel, texts: readonly string[], layer: number, feature: number) {
  let strongest = 0;
  for (const text of texts) {
    const { activations } = await model.getActivations(text, { sparse: true });
    const { indices, values } = activations as SparseActivations;
    for (const [i, value] of values.entries()) {
      if (indices[3 * i] === layer && indices[3 * i + 2] === feature) strongest = Math.max(strongest, value);
    }
  }
  return strongest;
}

// The slow tests harvest the whole corpus; these look at a few of the features that it gives.
test.each(['demo', 'demo-cross-layer'])('the strongest example of %s is in the corpus, and as strong', async (set) => {
  await using model = await ReplacementModel.load('demo', set);
  await using packed = await PackedFeatures.open(model.featuresDirectory as string);
  let compared = 0;
  for (const layer of packed.layers) {
    for (let feature = 3; feature < packed.count(layer); feature += 150) {
      const record = await packed.read(layer, feature);
      const [example] = record?.examples_quantiles[0]?.examples ?? [];
      if (!record?.act_max || !example) continue;
      const text = example.tokens.join('').trim();
      const containing = lines.filter((line) => line.includes(text));
      expect(containing).not.toEqual([]);
      if (containing.length > 10) continue;
      const strongest = await strongestOn(model, containing, layer, feature);
      expect(Math.abs(strongest / record.act_max - 1)).toBeLessThan(writtenDigits);
      compared++;
    }
  }
  expect(compared).toBeGreaterThan(4);
});
