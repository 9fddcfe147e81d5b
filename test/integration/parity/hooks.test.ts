import { hookNames, hookTable, type ModelSpec, type NdArray } from '../../../lib';
import { digits } from '../../support/bounds';
import { expectBitEqual, expectClose, parity as tolerance } from '../../support/compare';
import { caseNames } from '../../support/fixtures';
import { useCase } from '../../support/use-case';

function numericShape(letters: string, spec: ModelSpec, positions: number): number[] {
  const sizes: Record<string, number> = {
    n: positions,
    D: spec.dModel,
    V: spec.dVocab,
    H: spec.nHeads,
    K: spec.nKeyValueHeads,
    d: spec.dHead,
    1: 1,
  };
  return letters
    .slice(1, -1)
    .split(', ')
    .map((letter) => sizes[letter] ?? Number.NaN);
}

function sum(a: NdArray | undefined, b: NdArray | undefined): Float32Array {
  return Float32Array.from(a?.data ?? [], (value, i) => value + (b?.data[i] ?? Number.NaN));
}

describe.each(caseNames)('%s', (name) => {
  const used = useCase(name);
  let cache: Record<string, NdArray>;
  let logits: NdArray;
  const hook = (hookName: string) => cache[hookName] as NdArray;
  beforeAll(async () => {
    const { model, parity } = used;
    ({ cache, logits } = await model.runWithCache(parity.request.prompt.text, hookNames(model.spec)));
  });

  test('every hook point is captured in its shape', () => {
    const { model, parity } = used;
    const shapes = new Map(hookTable(model.spec).map((row) => [row.name, row.shape]));
    expect(Object.keys(cache).sort()).toEqual(hookNames(model.spec).sort());
    for (const [hookName, { shape, data }] of Object.entries(cache)) {
      const letters = shapes.get(hookName.replace(/^blocks\.\d+\./, 'blocks.N.')) ?? '';
      expect({ [hookName]: shape }).toEqual({
        [hookName]: numericShape(letters, model.spec, parity.request.sizes.positions),
      });
      expect(data.length).toBe(shape.reduce((product, size) => product * size, 1));
    }
  });

  test('the cached run has the same logits as the plain one', async () => {
    const plain = await used.model.forward(used.parity.request.prompt.text);
    expectBitEqual('logits', logits.data, plain.data);
  });

  test('the hooks that config.yaml names are the feature inputs and outputs', () => {
    const { model, parity } = used;
    const { featureInputHook, featureOutputHook, nLayers } = model.transcoderSpec;
    const layerSize = parity.floats('feature_inputs').length / nLayers;
    for (let layer = 0; layer < nLayers; layer++) {
      const of = (tensor: string) => parity.floats(tensor).subarray(layer * layerSize, (layer + 1) * layerSize);
      expectClose(`input ${layer}`, hook(`blocks.${layer}.${featureInputHook}`).data, of('feature_inputs'), tolerance);
      expectClose(
        `output ${layer}`,
        hook(`blocks.${layer}.${featureOutputHook}`).data,
        of('feature_outputs'),
        tolerance,
      );
    }
  });

  test('attention looks back only, and its rows sum to 1 or, with sinks, to less', () => {
    const { spec } = used.model;
    for (let layer = 0; layer < spec.nLayers; layer++) {
      const { data, shape } = hook(`blocks.${layer}.attn.hook_pattern`);
      const [heads = 0, queries = 0, keys = 0] = shape;
      for (let row = 0; row < heads * queries; row++) {
        const pattern = data.subarray(row * keys, (row + 1) * keys);
        const total = pattern.reduce((a, b) => a + b, 0);
        if (spec.attentionSinks) expect(total).toBeLessThan(1);
        else expect(total).toBeCloseTo(1, digits.probability);
        const query = row % queries;
        const window = spec.slidingWindow[layer] || keys;
        const visible = (key: number) => key <= query && key > query - window;
        expect(pattern.every((weight, key) => (visible(key) ? weight > 0 : weight === 0))).toBe(true);
      }
    }
  });

  test('the residual stream is the sum of its parts', () => {
    const { spec } = used.model;
    for (let layer = 0; layer < spec.nLayers; layer++) {
      const at = (point: string) => hook(`blocks.${layer}.${point}`);
      const mid = spec.parallelBlocks ? sum(at('hook_resid_pre'), at('hook_attn_out')) : at('hook_resid_mid').data;
      expectClose('after attention', sum(at('hook_resid_pre'), at('hook_attn_out')), mid);
      expectClose('after MLP', at('hook_resid_post').data, sum({ data: mid, shape: [] }, at('hook_mlp_out')));
      if (layer > 0)
        expectBitEqual('next', at('hook_resid_pre').data, hook(`blocks.${layer - 1}.hook_resid_post`).data);
    }
  });

  test('logits are the unembedded stream after the softcap', () => {
    const cap = used.model.spec.logitSoftcap;
    const raw = hook('unembed.hook_post').data;
    expectClose('logits', logits.data, cap ? raw.map((value) => cap * Math.tanh(value / cap)) : raw);
  });
});
