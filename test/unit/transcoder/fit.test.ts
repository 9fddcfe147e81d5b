import type { ModelSpec } from '../../../lib/engine/model-spec';
import type { TranscoderSpec } from '../../../lib/engine/transcoder-spec';
import { checkFit } from '../../../lib/replacement-model/fit';

const model = { family: 'llama', nLayers: 4, dModel: 64, parallelBlocks: false } as ModelSpec;
const transcoders: TranscoderSpec = {
  kind: 'perLayer',
  nLayers: 4,
  dModel: 64,
  nFeatures: [8, 8, 8, 8],
  featureInputHook: 'hook_resid_mid',
  featureOutputHook: 'hook_mlp_out',
  activation: 'relu',
  k: 0,
  hasSkip: false,
  scan: 'set',
  modelName: 'tiny-llama',
};

test('the same layers and width fit', () => {
  expect(() => checkFit(model, transcoders)).not.toThrow();
});

test.each([
  ['layers', { nLayers: 3 }, /llama.* has 4 layers.*tiny-llama.*have 3/],
  ['width', { dModel: 32 }, /llama.* has dModel 64.*tiny-llama.*have 32/],
])('other %s do not', (_, change, message) => {
  expect(() => checkFit(model, { ...transcoders, ...change })).toThrow(
    expect.objectContaining({ code: 'ERR_MODEL_MISMATCH', message: expect.stringMatching(message) }),
  );
});

test('parallel blocks have no residual stream between attention and MLP', () => {
  const neox = { ...model, family: 'gpt_neox', parallelBlocks: true };
  expect(() => checkFit(neox, transcoders)).toThrow(
    expect.objectContaining({ code: 'ERR_MODEL_MISMATCH', message: expect.stringMatching(/hook_resid_mid.*gpt_neox/) }),
  );
  expect(() => checkFit(neox, { ...transcoders, featureInputHook: 'mlp.hook_in' })).not.toThrow();
});
