import { Random } from '../../lib/random';

test('the same seed gives the same numbers, another seed others', () => {
  const draw = (seed: number) => new Random(seed).normals(5, 0, 1);
  expect(draw(7)).toEqual(draw(7));
  expect(draw(8)).not.toEqual(draw(7));
});

test('normal deviates have the mean and deviation asked for', () => {
  const values = new Random(1).normals(100_000, 2, 0.5);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  // Five standard errors of each.
  expect(Math.abs(mean - 2)).toBeLessThan(0.008);
  expect(Math.abs(Math.sqrt(variance) - 0.5)).toBeLessThan(0.006);
  const tail = values.filter((value) => Math.abs(value - 2) > 1).length / values.length;
  expect(Math.abs(tail - 0.0455)).toBeLessThan(0.0035);
});

test('uniform deviates are never 0 or 1', () => {
  const random = new Random(3);
  for (let i = 0; i < 10_000; i++) {
    const value = random.uniform();
    expect(value > 0 && value < 1).toBe(true);
  }
});
