import { inspect } from 'node:util';
import { Logits } from '../../../lib/intervention/logits';
import { GenerateResult, InterveneResult } from '../../../lib/intervention/results';

// House, section 4: nothing read a result; 2.2: `logits.data.subarray(logits.data.length - dVocab)` in eight places.

const array = { data: Float32Array.of(0, 1, 2, 9, 9, 0), shape: [2, 3] };
const logits = new Logits(array, (id) => `t${id}`);
const names = (tokens: readonly { token: string }[]) => tokens.map(({ token }) => token);

test('the last row is meant unless another is asked for; negative numbers count from the end', () => {
  expect(names(logits.topTokens(2))).toEqual(['t0', 't1']);
  expect(names(logits.topTokens(9, { position: 0 }))).toEqual(['t2', 't1', 't0']);
  expect(logits.topTokens(3, { position: -2 })).toEqual(logits.topTokens(3, { position: 0 }));
  expect(logits.topTokens(0)).toEqual([]);
});

test('probabilities are the softmax of the row', () => {
  const [best] = logits.topTokens(1, { position: 0 });
  const total = Math.exp(0) + Math.exp(1) + Math.exp(2);
  expect(best).toEqual({ tokenId: 2, token: 't2', probability: expect.closeTo(Math.exp(2) / total, 7) });
});

test('a row shares the memory of the whole', () => {
  expect(Array.from(logits.row())).toEqual([9, 9, 0]);
  expect(logits.row(0).buffer).toBe(array.data.buffer);
});

test('without a tokenizer the text is the id', () => {
  expect(new Logits(array).topTokens(1)[0]?.token).toBe('0');
});

test.each<[string, () => unknown]>([
  ['a row there is not', () => logits.topTokens(1, { position: 2 })],
  ['a row before the first', () => logits.row(-3)],
  ['half a token', () => logits.topTokens(0.5)],
  ['a misspelt option', () => logits.topTokens(1, { positon: 0 } as object)],
])('refuses %s', (_, call) => {
  expect(call).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT' }));
});

test('results give the same tokens, and are plain data otherwise', () => {
  const edited = new InterveneResult({
    tokens: Int32Array.of(1, 2),
    logits,
    rawLogits: undefined,
    activations: undefined,
    cache: {},
  });
  const { tokens, ...rest } = edited;
  expect(edited.topTokens(3, { position: 0 })).toEqual(logits.topTokens(3, { position: 0 }));
  expect(Object.keys(rest)).toEqual(['logits', 'rawLogits', 'activations', 'cache']);
  expect(structuredClone({ ...logits })).toEqual({ data: array.data, shape: [2, 3] });
  const written = new GenerateResult({ ...edited, text: 'ab', newText: 'b', newTokens: tokens });
  expect(written.topTokens(1)).toEqual(logits.topTokens(1));
  expect(inspect(logits)).toMatch(/^Logits/);
});
