import type { NdArray } from '../../../lib';
import { expectBitEqual, expectClose, expectSameIntegers } from '../../support/compare';
import { caseNames } from '../../support/fixtures';
import { useCase } from '../../support/use-case';

/** Places (layer, position, feature) and values of the non-zero entries of [layers, positions, features]. */
function nonZeros({ data, shape }: NdArray): { indices: number[]; values: number[] } {
  const [, positions = 0, features = 0] = shape;
  const places = [...data.keys()].filter((i) => data[i] !== 0);
  const indices = places.flatMap((place) => {
    const row = Math.floor(place / features);
    return [Math.floor(row / positions), row % positions, place % features];
  });
  return { indices, values: places.map((place) => data[place] as number) };
}

describe.each(caseNames)('%s', (name) => {
  const used = useCase(name);

  test('sparse activations are the expected ones', async () => {
    const { model, parity } = used;
    const { activations, logits, tokens } = await model.getActivations(parity.request.prompt.text, { sparse: true });
    expectSameIntegers('tokens', tokens, parity.integers('input_tokens'));
    expectSameIntegers('places', activations.indices, parity.activeFeatures);
    expectClose('values', activations.values, parity.floats('activation_values'));
    expectClose('logits', logits.data, parity.floats('logits'));
    const { layers, positions, features_per_layer } = parity.request.sizes;
    expect(activations.shape).toEqual([layers, positions, features_per_layer]);
  });

  test('dense activations hold the same', async () => {
    const { model, parity } = used;
    const prompt = parity.request.prompt.text;
    const sparse = await model.getActivations(prompt, { sparse: true });
    const dense = await model.getActivations(prompt);
    expect(dense.activations.shape).toEqual(sparse.activations.shape);
    const { indices, values } = nonZeros(dense.activations);
    expectSameIntegers('places', indices, sparse.activations.indices);
    expectBitEqual('values', Float32Array.from(values), sparse.activations.values);
  });

  test('pre-activations agree wherever a feature is active', async () => {
    const { model, parity } = used;
    const options = { applyActivationFunction: false };
    const { activations } = await model.getActivations(parity.request.prompt.text, options);
    const { positions, features_per_layer: features } = parity.request.sizes;
    const at = (i: number) => {
      const [layer = 0, position = 0, feature = 0] = parity.activeFeatures.subarray(3 * i, 3 * i + 3);
      return activations.data[(layer * positions + position) * features + feature] as number;
    };
    expectClose(
      'values',
      Array.from({ length: parity.nFeatures }, (_, i) => at(i)),
      parity.floats('activation_values'),
    );
    expect(nonZeros(activations).values.length).toBeGreaterThan(parity.nFeatures);
  });

  test('each prompt of a batch has the numbers it has alone', async () => {
    const { model, parity } = used;
    const { text, token_ids } = parity.request.prompt;
    const prompts = [text, token_ids.slice(0, 3), 'goats'];
    const batch = await model.getActivations(prompts);
    expect(batch.length).toBe(prompts.length);
    for (const [i, prompt] of prompts.entries()) {
      const alone = await model.getActivations(prompt);
      expectSameIntegers('tokens', batch[i]?.tokens ?? [], alone.tokens);
      expectBitEqual('activations', batch[i]?.activations.data ?? new Float32Array(), alone.activations.data);
      expectBitEqual('logits', batch[i]?.logits.data ?? new Float32Array(), alone.logits.data);
    }
  });
});
