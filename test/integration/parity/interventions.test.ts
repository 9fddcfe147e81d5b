import type { InterveneOptions, InterveneResult, NdArray, SparseActivations } from '../../../lib';
import { expectClose, expectSameIntegers } from '../../support/compare';
import { caseNames, type ParityCase } from '../../support/fixtures';
import { useCase } from '../../support/use-case';

const at = ({ data, shape }: NdArray, places: Int32Array): number[] => {
  const [, positions, features] = shape as [number, number, number];
  const values: number[] = [];
  for (let i = 0; i < places.length; i += 3) {
    const [layer, position, feature] = places.subarray(i, i + 3) as unknown as [number, number, number];
    values.push(data[(layer * positions + position) * features + feature] as number);
  }
  return values;
};

/** [n, V]: the positions after the edit as listed, those before it as without one. */
function editedLogits(parity: ParityCase, last: Float32Array): Float32Array {
  const logits = parity.floats('logits').slice();
  logits.set(last, logits.length - last.length);
  return logits;
}

describe.each(caseNames)('%s', (name) => {
  const used = useCase(name);

  test('every intervention', async () => {
    const { parity, model } = used;
    for (const [label, request] of Object.entries(parity.request.interventions)) {
      const { specs, constrained_layers, freeze_attention } = request;
      const run = (options: InterveneOptions): Promise<InterveneResult> =>
        model.intervene(parity.request.prompt.text, specs, {
          freezeAttention: freeze_attention,
          constrainedLayers: constrained_layers ?? undefined,
          ...options,
        });
      const expected = (part: string) => `intervention.${label}.${part}`;

      const { tokens, logits, activations } = await run({ sparse: true });
      expectSameIntegers(`${label} tokens`, tokens, parity.request.prompt.token_ids);
      expectClose(`${label} logits`, logits.data, editedLogits(parity, parity.floats(expected('logits'))));
      const { indices, values } = activations as SparseActivations;
      expectSameIntegers(`${label} active`, indices, parity.unfoldPlaces(expected('active')));
      expectClose(`${label} values`, values, parity.floats(expected('values')));

      const before = await run({ applyActivationFunction: false });
      expectClose(
        `${label} pre-activations`,
        at(before.activations as NdArray, parity.unfoldPlaces(expected('places'))),
        parity.floats(expected('preactivations')),
      );
    }
  });
});
