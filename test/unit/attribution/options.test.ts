import { resolveAttributeOptions } from '../../../lib/attribution/options';

test('defaults', () => {
  expect(resolveAttributeOptions()).toEqual({
    native: {
      maxNLogits: 10,
      desiredLogitProb: 0.95,
      batchSize: 512,
      maxFeatureNodes: Number.POSITIVE_INFINITY,
      updateInterval: 4,
    },
    offload: undefined,
    exactTokens: false,
    verbose: false,
    signal: undefined,
    onProgress: undefined,
  });
  expect(resolveAttributeOptions({ batchSize: undefined })).toEqual(resolveAttributeOptions());
});

test.each([
  [{ batchSize: 0 }, /batchSize/],
  [{ batchSize: 2 ** 31 }, /batchSize/],
  [{ desiredLogitProb: Number.NaN }, /desiredLogitProb/],
  [{ maxFeatureNodes: -1 }, /maxFeatureNodes/],
  [{ offload: 'dsik' }, /Did you mean 'disk'/],
  [{ max_n_logits: 3 }, /Did you mean 'maxNLogits'/],
  [{ verbose: 'yes' }, /verbose/],
])('%p is refused', (options, message) => {
  expect(() => resolveAttributeOptions(options as object)).toThrow(message);
});
