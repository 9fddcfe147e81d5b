import { expectClose } from '../support/compare';
import { caseNames, loadCase } from '../support/fixtures';
import { loadModel, partialRunOptions } from '../support/use-case';

describe.each(caseNames)('%s', (name) => {
  test.each([
    ['bfloat16', 0.1],
    ['float16', 0.02],
  ] as const)('computes in %s about what it does in float32', async (dtype, share) => {
    const parity = await loadCase(name);
    const model = await loadModel(parity, { dtype });
    try {
      const { text } = parity.request.prompt;
      expectClose('logits', (await model.forward(text)).data, parity.floats('logits'), { relativeToMax: share });
      const graph = await model.attribute(text, partialRunOptions(parity));
      expect(graph.nSelected).toBeGreaterThan(0);
    } finally {
      await model.dispose();
    }
  });
});
