import { digits } from '../../support/bounds';

type Point = readonly [number, number];

const { fittedExponent, largestDeviation } = require('../../../scripts/bench/fit') as {
  fittedExponent: (points: readonly Point[]) => number;
  largestDeviation: (points: readonly Point[], exponent: number) => number;
};

it('finds the exponent of a power law', () => {
  const cubes: Point[] = [2, 3, 7].map((x) => [x, 5 * x ** 3]);
  expect(fittedExponent(cubes)).toBeCloseTo(3, digits.float64);
  expect(largestDeviation(cubes, 3)).toBeCloseTo(0, digits.float64);
});

it('fits least squares where no power law goes through all points', () => {
  // Logs to the base 2: (0, 0), (1, 3), (2, 0) have a slope of 0.
  expect(
    fittedExponent([
      [1, 1],
      [2, 8],
      [4, 1],
    ]),
  ).toBeCloseTo(0, digits.float64);
});

it('measures the deviation from the middle of what there is', () => {
  const points: Point[] = [
    [1, 8],
    [10, 120],
  ];
  // Around 10 x: 8 and 12 per x.
  expect(largestDeviation(points, 1)).toBeCloseTo(0.2, digits.float64);
});
