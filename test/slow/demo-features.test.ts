import path from 'node:path';
import type { FeatureExamples } from '../../lib';
import { transcoderFolder } from '../../lib/bundled';
import { findFeatures } from '../../lib/features/packed-features';
import { PackedFeatures } from '../../lib/harvest';
import { runNode } from '../support/child';
import { temporaryFolder } from '../support/temporary-folder';

const script = path.join(__dirname, '..', '..', 'scripts', 'demo-model', 'harvest.js');
const sets = ['demo', 'demo-cross-layer'];

// In a process of its own: jest's sandbox slows down loops over numbers several times.
const out = temporaryFolder();
beforeAll(async () => {
  const { code, stderr } = await runNode(script, [out], { timeoutSeconds: 1800 });
  if (code !== 0) throw new Error(stderr);
}, 1_800_000);

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
test.each(sets)('harvest gives the examples that ship with %s', async (set) => {
  await using found = await PackedFeatures.open(path.join(out, set));
  await using shipped = await PackedFeatures.open((await findFeatures(transcoderFolder(set))) as string);
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
