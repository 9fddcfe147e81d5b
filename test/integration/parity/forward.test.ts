import { expectClose, expectSameIntegers, parity as tolerance } from '../../support/compare';
import { caseNames } from '../../support/fixtures';
import { useCase } from '../../support/use-case';

describe.each(caseNames)('%s', (name) => {
  const used = useCase(name);

  test('logits match the reference', async () => {
    const { parity, model } = used;
    const logits = await model.forward(parity.request.prompt.text);
    const expected = parity.tensor('logits');
    expect(logits.shape).toEqual(expected.shape);
    expectClose('logits', logits.data, parity.floats('logits'), tolerance, expected.shape);
  });

  test('feature inputs and outputs, active features, reconstruction and errors', async () => {
    const { parity, model } = used;
    const setup = await model.setupAttribution(parity.request.prompt.text);
    expectSameIntegers('tokens', setup.tokens, parity.integers('input_tokens'));
    expectSameIntegers('active features', setup.activeFeatures, parity.activeFeatures);
    expectClose('activation values', setup.activationValues, parity.floats('activation_values'));
    const tensors = {
      feature_inputs: setup.featureInputs,
      feature_outputs: setup.featureOutputs,
      reconstruction: setup.reconstruction,
      error_vectors: setup.errorVectors,
      logits: setup.logits,
    };
    for (const [key, found] of Object.entries(tensors)) {
      const { shape } = parity.tensor(key);
      expect({ [key]: found.shape }).toEqual({ [key]: shape });
      expectClose(key, found.data, parity.floats(key), tolerance, shape);
    }
  });

  test('errors are zero at the positions without features', async () => {
    const { parity, model } = used;
    const { errorVectors } = await model.setupAttribution(parity.request.prompt.text);
    const [layers = 0, positions = 0, width = 0] = errorVectors.shape;
    for (let layer = 0; layer < layers; layer++) {
      for (const position of parity.request.prompt.zero_positions) {
        const start = (layer * positions + position) * width;
        expect(errorVectors.data.subarray(start, start + width).every((value) => value === 0)).toBe(true);
      }
    }
  });
});
