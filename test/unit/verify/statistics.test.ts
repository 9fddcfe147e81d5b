import { Random } from '../../../lib/random';
import { Comparisons } from '../../../lib/verify/comparison';
import { median, spearman } from '../../../lib/verify/statistics';
import { digits } from '../../support/bounds';

test.each([
  [[], 0],
  [[3], 3],
  [[4, 1, 3], 3],
  [[4, 1, 3, 2], 2.5],
])('median of %j is %d', (values, expected) => {
  expect(median(Float32Array.from(values))).toBe(expected);
});

test('the median is that of the sorted values, whatever their signs, sizes and repetitions', () => {
  const random = new Random(3);
  for (let count = 1; count < 200; count++) {
    const values = Float32Array.from({ length: count }, () => {
      const kind = random.uniform();
      if (kind < 0.1) return 0;
      if (kind < 0.15) return Number.POSITIVE_INFINITY;
      const size = 10 ** Math.round(20 * (random.uniform() - 0.5));
      return kind < 0.4 ? Math.round(3 * random.uniform()) : size * (random.uniform() - 0.3);
    });
    const sorted = values.slice().sort();
    const [below, above] = [sorted[(count - 1) >> 1] as number, sorted[count >> 1] as number];
    expect(median(values)).toBe(count % 2 ? above : (below + above) / 2);
  }
});

test.each([
  ['the same order', [1, 2, 30], [0, 5, 6], 1],
  ['the reverse order', [1, 2, 3], [9, 4, 1], -1],
  // By hand: ranks 0 1.5 1.5 3 and 0 1 2 3, covariance 4.5, variances 4.5 and 5.
  ['ties', [1, 2, 2, 4], [1, 2, 3, 4], 4.5 / Math.sqrt(22.5)],
])('rank correlation of %s', (_, a, b, expected) => {
  expect(spearman(a, b)).toBeCloseTo(expected, digits.float64);
});

test('rank correlation is not defined for one pair or a constant', () => {
  expect([spearman([1], [2]), spearman([1, 1], [2, 3])]).toEqual([null, null]);
});

describe('comparisons', () => {
  test('keep the worst errors and count those within tolerance', () => {
    const comparisons = new Comparisons(20, (node) => `node ${node}`);
    for (let i = 0; i < 20; i++) comparisons.add(i, 0, 1, 1 + i);
    const { worst, ...rest } = comparisons.statistics(4);
    expect(worst.map(({ source }) => source)).toEqual([19, 18, 17, 16, 15, 14, 13, 12]);
    expect(worst[0]).toMatchObject({ sourceLabel: 'node 19', predicted: 1, measured: 20, error: 19 });
    expect(rest).toEqual({
      comparisons: 20,
      maxAbsoluteError: 19,
      medianAbsoluteError: 9.5,
      shareWithinTolerance: 0.25,
      allowedError: 4,
    });
  });

  test('count NaN as an infinite error', () => {
    const comparisons = new Comparisons(1, String);
    expect(comparisons.add(0, 1, 1, Number.NaN)).toBe(Infinity);
    expect(comparisons.statistics(1).shareWithinTolerance).toBe(0);
  });
});
