import { narrow } from '../../support/bounds';
import { expectClose } from '../../support/compare';
import { caseNames, loadCase } from '../../support/fixtures';
import { loadModel, partialRunOptions } from '../../support/use-case';

describe.each(caseNames)('%s', (name) => {
  test.each(['bfloat16', 'float16'] as const)('computes in %s about what it does in float32', async (dtype) => {
    const parity = await loadCase(name);
    const model = await loadModel(parity, { dtype });
    try {
      const { text } = parity.request.prompt;
      expectClose('logits', (await model.forward(text)).data, parity.floats('logits'), narrow[dtype]);
      const graph = await model.attribute(text, partialRunOptions(parity));
      expect(graph.nSelected).toBeGreaterThan(0);
    } finally {
      await model.dispose();
    }
  });
});
