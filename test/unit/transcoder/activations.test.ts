import type { TranscoderSpec } from '../../../lib/engine/transcoder-spec';
import {
  checkActivations,
  checkFeatures,
  checkFloats,
  countRows,
  layerRanges,
} from '../../../lib/transcoder/activations';

const spec = { nLayers: 2, dModel: 4, nFeatures: [3, 2] } as unknown as TranscoderSpec;
const invalid = (message: RegExp) =>
  expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT', message: expect.stringMatching(message) });

describe('numbers', () => {
  test('arrays become float32; float32 arrays stay what they are', () => {
    expect(checkFloats([1, 0.1], 'x')).toEqual(Float32Array.of(1, 0.1));
    const floats = Float32Array.of(1, 2);
    expect(checkFloats(floats, 'x')).toBe(floats);
  });

  test.each([
    ['NaN', [1, Number.NaN], /x must hold finite.*NaN at index 1/],
    ['infinite', Float32Array.of(Infinity), /Infinity at index 0/],
    ['too large for float32', [1e300], /index 0/],
    ['not numbers', ['a'] as unknown as number[], /"a" at index 0/],
    ['of another type', new Float64Array(1) as unknown as Float32Array, /found a Float64Array/],
    ['nothing', undefined as unknown as number[], /found undefined/],
  ])('%s is refused', (_, value, message) => {
    expect(() => checkFloats(value, 'x')).toThrow(invalid(message));
  });

  test('rows follow from the length', () => {
    expect(countRows(24, [2, -1, 4], 'x')).toBe(3);
    expect(() => countRows(25, [2, -1, 4], 'x')).toThrow(
      invalid(/x must have shape \[2, rows, 4\].*8 numbers; found 25/),
    );
    expect(() => countRows(0, [-1, 4], 'x')).toThrow(invalid(/found 0/));
  });

  test('features of a layer', () => {
    expect(checkFeatures([2, 0, 2], 3)).toEqual(Int32Array.of(2, 0, 2));
    for (const bad of [[3], [-1], [0.5], [Number.NaN]]) {
      expect(() => checkFeatures(bad, 3)).toThrow(invalid(/whole numbers from 0 to 2/));
    }
    expect(() => checkFeatures(new Float32Array(1) as unknown as Int32Array, 3)).toThrow(invalid(/Float32Array/));
  });
});

describe('activations', () => {
  test('dense ones become a list; zeros, also negative ones, are left out', () => {
    // Layer 1 has two features only: its third column is padding.
    const data = Float32Array.of(0, 1, 0, 2, 0, 3, 0, -4, 0, -0, 0, 0);
    expect(checkActivations({ data, shape: [2, 2, 3] }, spec)).toEqual({
      indices: Int32Array.of(0, 0, 1, 0, 1, 0, 0, 1, 2, 1, 0, 1),
      values: Float32Array.of(1, 2, 3, -4),
      shape: [2, 2, 3],
    });
  });

  test('a list in any order is sorted', () => {
    const indices = Int32Array.of(1, 0, 0, 0, 1, 2, 0, 0, 1);
    const list = { indices, values: Float32Array.of(1, 2, 3), shape: [2, 2, 3] };
    expect(checkActivations(list, spec)).toEqual({
      indices: Int32Array.of(0, 0, 1, 0, 1, 2, 1, 0, 0),
      values: Float32Array.of(3, 2, 1),
      shape: [2, 2, 3],
    });
  });

  test.each([
    ['a layer too many', [2, 0, 0], /\(2, 0, 0\)/],
    ['a row too many', [0, 2, 0], /within \[2, 2, 3\]; found one at \(0, 2, 0\)/],
    ['a feature this layer lacks', [1, 0, 2], /within \[2, 2, 2\]; found one at \(1, 0, 2\)/],
    ['a negative index', [0, -1, 0], /\(0, -1, 0\)/],
  ])('%s', (_, place, message) => {
    const list = { indices: Int32Array.from(place), values: Float32Array.of(1), shape: [2, 2, 3] };
    expect(() => checkActivations(list, spec)).toThrow(invalid(message));
  });

  test('a value in the padding', () => {
    const data = new Float32Array(12);
    data[8] = 1;
    expect(() => checkActivations({ data, shape: [2, 2, 3] }, spec)).toThrow(invalid(/\(1, 0, 2\)/));
  });

  test.each([
    ['a wrong shape', { data: new Float32Array(12), shape: [2, 3, 2] }, /shape \[2, rows, 3\]; found \[2, 3, 2\]/],
    ['no shape', { data: new Float32Array(12) }, /found none/],
    ['too few numbers', { data: new Float32Array(11), shape: [2, 2, 3] }, /12 numbers; found 11/],
    ['a list of two lengths', { indices: new Int32Array(3), values: new Float32Array(2), shape: [2, 2, 3] }, /indices/],
    ['nothing', undefined, /found none/],
  ])('%s', (_, value, message) => {
    expect(() => checkActivations(value as never, spec)).toThrow(invalid(message));
  });

  test('ranges of a sorted list', () => {
    expect(layerRanges(Int32Array.of(0, 0, 1, 0, 1, 2, 2, 0, 0))).toEqual([
      { layer: 0, start: 0, stop: 2 },
      { layer: 2, start: 2, stop: 3 },
    ]);
    expect(layerRanges(new Int32Array(0))).toEqual([]);
  });
});
