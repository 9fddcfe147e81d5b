import { concatenated } from '../../../lib/intervention/concatenate';

test('dense passes join position by position in each layer', () => {
  const joined = concatenated([
    { data: Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8), shape: [2, 2, 2] },
    { data: Float32Array.of(10, 11, 12, 13), shape: [2, 1, 2] },
  ]);
  expect(joined).toEqual({ data: Float32Array.of(1, 2, 3, 4, 10, 11, 5, 6, 7, 8, 12, 13), shape: [2, 3, 2] });
});

test('sparse passes stay sorted', () => {
  const joined = concatenated([
    { indices: Int32Array.of(0, 0, 1, 1, 1, 0), values: Float32Array.of(1, 2), shape: [2, 2, 2] },
    { indices: Int32Array.of(1, 0, 1), values: Float32Array.of(3), shape: [2, 1, 2] },
    { indices: Int32Array.of(0, 0, 0, 1, 0, 1), values: Float32Array.of(4, 5), shape: [2, 1, 2] },
  ]);
  expect(joined).toEqual({
    indices: Int32Array.of(0, 0, 1, 0, 3, 0, 1, 1, 0, 1, 2, 1, 1, 3, 1),
    values: Float32Array.of(1, 4, 2, 3, 5),
    shape: [2, 4, 2],
  });
});

test('zero passes and one pass are joined', () => {
  const one = { data: Float32Array.of(1), shape: [1, 1, 1] };
  expect(concatenated([])).toBeUndefined();
  expect(concatenated([one])).toBe(one);
});
