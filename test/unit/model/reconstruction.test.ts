import type { TranscoderSpec } from '../../../lib/engine/transcoder-spec';
import { layerFits, reconstructionProblem } from '../../../lib/replacement-model/reconstruction';

const set = {
  featureInputHook: 'mlp.hook_in',
  featureOutputHook: 'hook_mlp_out',
  modelName: 'gpt2',
} as TranscoderSpec;

/** [L, 4] sums of outputs and reconstructions, both [L][positions][width]. */
function sumsOf(outputs: number[][][], made: number[][][]) {
  const rows = outputs.map((output, l) => {
    const rebuilt = made[l] as number[][];
    const mean = (values: number[][]) =>
      (values[0] as number[]).map((_, d) => values.reduce((sum, row) => sum + (row[d] as number), 0) / values.length);
    const [a, b] = [mean(output), mean(rebuilt)];
    const sums = [0, 0, 0, 0];
    output.forEach((row, i) => {
      row.forEach((value, d) => {
        const [y, r] = [value - (a[d] as number), (rebuilt[i]?.[d] as number) - (b[d] as number)];
        const parts = [y * y, (value - (rebuilt[i]?.[d] as number)) ** 2, y * r, r * r];
        parts.forEach((part, k) => {
          sums[k] = (sums[k] as number) + part;
        });
      });
    });
    return sums;
  });
  return { data: Float32Array.from(rows.flat()), shape: [rows.length, 4] };
}

const output = [
  [1, 2],
  [-1, 0],
  [3, -2],
  [0, 1],
];
const times = (factor: number, values = output) => values.map((row) => row.map((value) => factor * value));

test('explained variance and correlation of a layer', () => {
  const [exact, none, tenfold] = layerFits(
    sumsOf([output, output, output], [output, times(0), times(10)]),
    output.length,
  );
  expect(exact).toEqual({ layer: 0, explainedVariance: 1, correlation: expect.closeTo(1, 6) });
  // Sum of squares 20; squared deviations from the mean (0.75, 0.25) 17.5, times 4 / 3.
  expect(none?.explainedVariance).toBeCloseTo(1 - 20 / ((17.5 * 4) / 3), 6);
  expect(none?.correlation).toBe(0);
  expect(tenfold?.explainedVariance).toBeLessThan(0);
  expect(tenfold?.correlation).toBeCloseTo(1, 6);
});

test('too few positions, and outputs all alike, say nothing', () => {
  expect(layerFits(sumsOf([output.slice(0, 2)], [times(9).slice(0, 2)]), 2)).toEqual([]);
  const same = [[1], [1], [1]];
  expect(layerFits(sumsOf([same], [same]), 3)).toEqual([]);
});

test('a good reconstruction is no problem', () => {
  expect(reconstructionProblem(layerFits(sumsOf([output], [times(0.9)]), 4), set)).toBeUndefined();
});

test('a reconstruction of the right direction and the wrong size: scaling', () => {
  const problem = reconstructionProblem(layerFits(sumsOf([output, output], [output, times(8)]), 4), set);
  expect(problem).toMatch(
    /worse than the mean of the outputs in layer 1 \(explained variance -\d.*correlation 1 in layer 1\)/,
  );
  expect(problem).toMatch(/Likely cause: inputs or outputs are scaled, normalised or shifted/);
});

test('one that has nothing to do with the output: another model or hook point', () => {
  const turned = [output[2], output[3], output[1], output[0]] as number[][];
  const fits = layerFits(sumsOf(Array(10).fill(output), Array(10).fill(times(3, turned))), 4);
  const problem = reconstructionProblem(fits, set);
  expect(problem).toMatch(/in layers 0, 1, 2, 3, 4, 5, 6, 7 and 2 more/);
  expect(problem).toMatch(
    /another model \(config.yaml says that they were made for gpt2\), or on other hook points than mlp/,
  );
  expect(reconstructionProblem(fits, { ...set, modelName: '' })).toMatch(/another model, or/);
});
