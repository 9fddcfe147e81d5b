import type { ModelSpec } from '../../../lib/engine/model-spec';
import { checkHookNames } from '../../../lib/model/hooks';

const spec = {
  family: 'gpt_neox',
  nLayers: 3,
  parallelBlocks: true,
  positionEmbedding: 'rotary',
  postNorms: false,
  queryKeyNorm: false,
} as ModelSpec;

test('repeated hook names are dropped', () => {
  expect(checkHookNames(['hook_embed', 'hook_embed'], spec)).toEqual(['hook_embed']);
});

test.each<[unknown, RegExp]>([
  [
    ['blocks.0.hook_resid_mid'],
    /gpt_neox model has no hook "blocks\.0\.hook_resid_mid": attention and MLP run in parallel/,
  ],
  [['blocks.3.hook_mlp_out'], /its layers are 0 to 2/],
  [['hook_pos_embed'], /its positions are rotary/],
  [['blocks.1.ln1_post.hook_scale'], /no norms after/],
  [['blocks.1.attn.q_norm.hook_scale'], /does not normalise queries/],
  [['blocks.1.attn.hook_patern'], /Did you mean 'blocks\.1\.attn\.hook_pattern'/],
  [['nothing like it'], /hookNames\(model\.spec\)/],
  [[7], /hook 7\. Hook names are strings/],
  ['hook_embed', /must be an array/],
])('%p is refused', (names, message) => {
  expect(() => checkHookNames(names, spec)).toThrow(
    expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT', message: expect.stringMatching(message) }),
  );
});
