import { resolveAttributeOptions } from '../../../lib/attribution/options';
import { nativeSettings, storedSettings } from '../../../lib/engine/settings';

test('resolveAttributeOptions fills in the defaults', () => {
  expect(resolveAttributeOptions()).toEqual({
    maxNLogits: 10,
    desiredLogitProb: 0.95,
    batchSize: 512,
    maxFeatureNodes: 7500,
    updateInterval: 4,
    devices: [],
    offload: undefined,
    exactTokens: false,
    verbose: false,
    signal: undefined,
    onProgress: undefined,
  });
  expect(resolveAttributeOptions({ batchSize: undefined })).toEqual(resolveAttributeOptions());
});

test("a batch size of one's own sets how often features are ranked; auto ranks as the default does", () => {
  const native = (options: object) => nativeSettings(resolveAttributeOptions(options));
  expect(native({ batchSize: 64, updateInterval: 2 })).toMatchObject({ batchSize: 64, rankEvery: 128 });
  expect(native({ batchSize: 'auto', updateInterval: 2 })).toMatchObject({ batchSize: 0, rankEvery: 1024 });
});

test('native gets numbers alone, and files what JSON can hold', () => {
  const all = resolveAttributeOptions({ batchSize: 'auto', maxFeatureNodes: Infinity });
  const others = { maxNLogits: 10, desiredLogitProb: 0.95 };
  expect(nativeSettings(all)).toEqual({ ...others, batchSize: 0, maxFeatureNodes: Infinity, rankEvery: 2048 });
  expect(storedSettings(all)).toEqual({ ...others, batchSize: null, maxFeatureNodes: null, updateInterval: 4 });
});

test.each([
  [{ batchSize: 0 }, /batchSize/],
  [{ batchSize: 'most' }, /batchSize must be a whole number .*, or 'auto'; found "most"/],
  [{ batchSize: Infinity }, /batchSize/],
  [{ maxFeatureNodes: 'auto' }, /maxFeatureNodes must be .*, or Infinity for all/],
  [{ devices: 'cuda' }, /devices must be an array/],
  [{ devices: ['cpu', 'gpu'] }, /devices must be an array .* found "cpu", "gpu"/],
  [{ devices: [undefined] }, /devices must be an array/],
  [{ batchSize: 2 ** 31 }, /batchSize/],
  [{ desiredLogitProb: Number.NaN }, /desiredLogitProb/],
  [{ maxFeatureNodes: -1 }, /maxFeatureNodes/],
  [{ offload: 'dsik' }, /Did you mean 'disk'/],
  [{ max_n_logits: 3 }, /Did you mean 'maxNLogits'/],
  [{ verbose: 'yes' }, /verbose/],
])('%p is refused', (options, message) => {
  expect(() => resolveAttributeOptions(options as object)).toThrow(message);
});
