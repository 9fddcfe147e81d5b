import { expectBitEqual, expectClose, expectProbabilities, expectSameIntegers, maxRelativeToMax } from './compare';

// A comparison that can't fail would make every test that uses it pass.

test('numbers within tolerance pass, others fail by name, place and size', () => {
  expect(() => expectClose('logits', [1, 2, 100], [1, 2, 100.0009])).not.toThrow();
  expect(() => expectClose('logits', [1, 2.1, 100, 7], [1, 2, 100, 4], undefined, [2, 2])).toThrow(
    /logits: 2 of 4 numbers .*first at \[0, 1\] found 2\.1, expected 2; worst at \[1, 1\] found 7/,
  );
  expect(() => expectClose('scores', [0.5], [0.50002], { absolute: 1e-5 })).toThrow(/scores/);
});

test('a NaN, a missing number or a length that differs fails', () => {
  expect(() => expectClose('x', [Number.NaN, 1], [0, 1])).toThrow(/NaN/);
  expect(() => expectClose('x', [0, 1], [Number.NaN, 1])).toThrow(/NaN/);
  expect(() => expectClose('x', [0, 1], [Number.POSITIVE_INFINITY, 1])).toThrow(/Infinity/);
  expect(() => expectClose('x', [1], [1, 2])).toThrow(/expected 2 numbers, found 1/);
  expect(() => expectClose('x', [1, 2, 3], [1, 2])).toThrow(/expected 2 numbers, found 3/);
});

test('integers must be the same, in the same order', () => {
  expect(() => expectSameIntegers('ids', [1, 2], [1, 2])).not.toThrow();
  expect(() => expectSameIntegers('ids', [1, 2, 3], [1, 2])).toThrow(/\[2\]/);
  expect(() => expectSameIntegers('ids', [1], [1, 2])).toThrow(/\[1\]/);
  expect(() => expectSameIntegers('ids', [2, 1], [1, 2])).toThrow(/\[0\]: found 2, expected 1/);
});

test('bit equality tells apart what only rounding does', () => {
  const values = Float32Array.of(1, 0.1);
  expect(() => expectBitEqual('edges', values.slice(), values)).not.toThrow();
  expect(() => expectBitEqual('edges', Float32Array.of(1, 0.1 + 1e-8), values)).toThrow(/\[1\]/);
  expect(() => expectBitEqual('edges', Float32Array.of(1), values)).toThrow(/expected 2/);
});

test('the largest difference is relative to the largest expected magnitude', () => {
  expect(maxRelativeToMax([1, -5], [2, -4])).toBe(0.25);
  expect(maxRelativeToMax([Number.NaN], [1])).toBeNaN();
});

// Field faults, section 1, and D7: a Llama's numbers on two processors, with a largest logit of 12.35.
test('a probability is as close as its logit lets it be, and no farther', () => {
  const [amd, expected, logits] = [0.5780463815, 0.5780450702, [12.35, -3]];
  expect(() => expectProbabilities('p', [amd], [expected], logits)).not.toThrow();
  expect(() => expectProbabilities('p', [expected + 1e-5], [expected], logits)).toThrow(/p\[0\]/);
  // One near 0 or 1 hardly moves.
  expect(() => expectProbabilities('p', [0.001 + 1e-6], [0.001], logits)).toThrow(/p\[0\]/);
  expect(() => expectProbabilities('p', [0.5], [0.5, 0.5], logits)).toThrow(/expected 2/);
});
