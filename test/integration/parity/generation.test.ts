import type { GeneratedToken, NdArray } from '../../../lib';
import { expectBitEqual, expectClose, expectSameIntegers } from '../../support/compare';
import { caseNames } from '../../support/fixtures';
import { useCase } from '../../support/use-case';

describe.each(caseNames)('%s', (name) => {
  const used = useCase(name);

  test('greedy continuations under interventions', async () => {
    const { parity, model } = used;
    const { specs, steps, runs } = parity.request.generation;
    const prompt = parity.request.prompt.text;
    for (const [label, { kv_cache, freeze_attention }] of Object.entries(runs)) {
      const result = await model.generate(prompt, {
        interventions: specs,
        maxNewTokens: steps,
        stopIds: [],
        kvCache: kv_cache,
        freezeAttention: freeze_attention,
      });
      const expected = `generation.${kv_cache ? label : 'kv_free'}`;
      expectSameIntegers(`${label} ids`, result.newTokens, parity.integers(`${expected}.token_ids`));
      expectClose(`${label} logits`, result.logits.data, parity.floats(`${expected}.logits`));
      expect(result.tokens).toHaveLength(parity.request.prompt.token_ids.length + steps);
    }
  });

  test('with the cache off, logits and activations are those of one pass over the same tokens', async () => {
    const { parity, model } = used;
    const { specs } = parity.request.generation;
    const options = { freezeAttention: false };
    const generated = await model.generate(parity.request.prompt.text, {
      interventions: specs,
      ...options,
      maxNewTokens: 3,
      stopIds: [],
      kvCache: false,
    });
    const run = generated.tokens.slice(0, -1);
    const steered = await model.intervene(run, specs, { ...options, exactTokens: true });
    const width = steered.logits.shape[1] as number;
    expectBitEqual('logits', generated.logits.data.slice(-width), steered.logits.data.slice(-width));
    expectBitEqual('activations', floats(generated.activations), floats(steered.activations));
  });

  test('the stream gives the same tokens, their text and logits', async () => {
    const { parity, model } = used;
    const { specs } = parity.request.generation;
    const options = { maxNewTokens: 4, stopIds: [] };
    const whole = await model.generate(parity.request.prompt.text, { interventions: specs, ...options });
    const tokens: GeneratedToken[] = [];
    for await (const token of model.generateStream(parity.request.prompt.text, { interventions: specs, ...options }))
      tokens.push(token);
    expect(tokens.map(({ tokenId }) => tokenId)).toEqual([...whole.newTokens]);
    expect(whole.newText.startsWith(tokens.map(({ text }) => text).join(''))).toBe(true);
    expect(whole.text.endsWith(whole.newText)).toBe(true);
  });
});

const floats = (activations: unknown) => (activations as NdArray).data;
