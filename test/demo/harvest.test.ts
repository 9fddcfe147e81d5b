import path from 'node:path';
import { type FeatureExamples, harvestFeatures, PackedFeatures, ReplacementModel } from '../../lib';
import { temporaryFolder } from '../support/temporary-folder';

const { options } = require('../../scripts/demo-model/harvest.js');

interface Pair {
  readonly found: FeatureExamples;
  readonly shipped: FeatureExamples;
}

/** Largest difference, as a share of what ships. */
function worst(pairs: readonly Pair[], numberOf: (record: FeatureExamples) => number | undefined): number {
  const differences = pairs.map(({ found, shipped }) => {
    const expected = numberOf(shipped) ?? Number.NaN;
    return Math.abs((numberOf(found) ?? Number.NaN) - expected) / Math.max(Math.abs(expected), 1e-3);
  });
  return Math.max(...differences);
}

function shareOfEqual(pairs: readonly Pair[], partOf: (record: FeatureExamples) => unknown): number {
  const equal = pairs.filter((pair) => JSON.stringify(partOf(pair.found)) === JSON.stringify(partOf(pair.shipped)));
  return equal.length / pairs.length;
}

// Where these were made, all bytes are the same. Another processor's sums end in other bits: the third digit of a number and the
// order of equals may differ.
test.each(['demo', 'demo-cross-layer'])('harvest gives the examples that ship with %s', async (set) => {
  const out = temporaryFolder();
  await using model = await ReplacementModel.load('demo', set);
  await harvestFeatures(model, { ...options, out });
  await using found = await PackedFeatures.open(out);
  await using shipped = await PackedFeatures.open(model.featuresDir as string);
  expect(path.resolve(found.folder)).not.toBe(path.resolve(shipped.folder));
  expect(found.layers).toEqual(shipped.layers);
  const pairs: Pair[] = [];
  let alone = 0;
  for (const layer of shipped.layers) {
    expect(found.count(layer)).toBe(shipped.count(layer));
    for (let feature = 0; feature < shipped.count(layer); feature++) {
      const [ours, theirs] = [await found.read(layer, feature), await shipped.read(layer, feature)];
      if (ours && theirs) pairs.push({ found: ours, shipped: theirs });
      else if (ours || theirs) alone++;
    }
  }
  expect(pairs.length).toBeGreaterThan(2000);
  expect(alone).toBeLessThan(0.005 * pairs.length);
  expect(worst(pairs, ({ act_max }) => act_max)).toBeLessThan(0.01);
  expect(worst(pairs, ({ activation_frequency }) => activation_frequency)).toBeLessThan(0.02);
  expect(shareOfEqual(pairs, ({ top_logits }) => top_logits)).toBeGreaterThan(0.98);
  expect(shareOfEqual(pairs, ({ bottom_logits }) => bottom_logits)).toBeGreaterThan(0.98);
  expect(shareOfEqual(pairs, ({ examples_quantiles: [top] }) => top?.examples[0]?.tokens)).toBeGreaterThan(0.85);
  expect(shareOfEqual(pairs, ({ histogram }) => histogram)).toBeGreaterThan(0.9);
});
