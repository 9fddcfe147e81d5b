import type { Graph } from '../../../lib';
import { otherOrder } from '../../support/bounds';
import { expectClose, expectProbabilities, expectSameIntegers, parity as tolerance } from '../../support/compare';
import { caseNames, type ParityCase } from '../../support/fixtures';
import { fullRunOptions, partialRunOptions, useCase } from '../../support/use-case';

function expectTargets(graph: Graph, parity: ParityCase): void {
  expectSameIntegers(
    'logit targets',
    graph.logits.map(({ tokenId }) => tokenId),
    parity.integers('logit_token_ids'),
  );
  expectProbabilities(
    'logit probabilities',
    graph.logits.map(({ weight }) => weight),
    parity.floats('logit_probabilities'),
    parity.floats('logits'),
  );
}

describe.each(caseNames)('%s', (name) => {
  const used = useCase(name);

  test('a run over all features', async () => {
    const { parity, model } = used;
    const graph = await model.attribute(parity.request.prompt.text, fullRunOptions(parity));
    expectSameIntegers('tokens', graph.tokens, parity.request.prompt.token_ids);
    expectSameIntegers('active features', graph.activeFeatures, parity.activeFeatures);
    expectClose('activation values', graph.activationValues, parity.floats('activation_values'));
    expectSameIntegers('selected features', graph.selectedFeatures, [...graph.activationValues.keys()]);
    expectTargets(graph, parity);
    expectClose('edges', graph.edges, parity.edges, tolerance, [parity.nFeatures + parity.nLogits, parity.nNodes]);
  });

  test('a run over the most influential features', async () => {
    const { parity, model } = used;
    const graph = await model.attribute(parity.request.prompt.text, partialRunOptions(parity));
    const selected = parity.integers('partial.selected_features');
    expectSameIntegers('selected features', graph.selectedFeatures, selected);
    expectTargets(graph, parity);
    expectClose('edges', graph.edges, parity.edgesAmong(selected));
  });

  test.each([1, 7, 64, 512])('batches of %d give the same graph', async (batchSize) => {
    const { parity, model } = used;
    const tokens = parity.request.prompt.token_ids;
    const full = await model.attribute(tokens, { ...fullRunOptions(parity), batchSize });
    const reference = await model.attribute(tokens, fullRunOptions(parity));
    expectClose('edges', full.edges, reference.edges, otherOrder);
  });

  // A batch is also how many features are chosen between two rankings, so the chosen set follows the product of both.
  test('batches of any size choose the same features when rankings happen equally often', async () => {
    const { parity, model } = used;
    const tokens = parity.request.prompt.token_ids;
    const options = partialRunOptions(parity);
    const chosenPerRanking = options.batchSize * options.updateInterval;
    for (const batchSize of [1, 4, chosenPerRanking]) {
      const updateInterval = chosenPerRanking / batchSize;
      const graph = await model.attribute(tokens, { ...options, batchSize, updateInterval });
      expectSameIntegers(
        `with batch ${batchSize}`,
        graph.selectedFeatures,
        parity.integers('partial.selected_features'),
      );
    }
  });
});
