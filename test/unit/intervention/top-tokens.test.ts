import { topTokens } from '../../../lib/intervention/top-tokens';

test('the likeliest tokens with their probabilities, ties to the lower id', () => {
  const logits = Float32Array.from([0.25, 0.5, 0.125, 0.125].map(Math.log));
  const found = topTokens(logits, 3, (id) => `t${id}`);
  expect(found.map(({ token, tokenId }) => [token, tokenId])).toEqual([
    ['t1', 1],
    ['t0', 0],
    ['t2', 2],
  ]);
  expect(found.map(({ probability }) => probability)).toEqual(
    [0.5, 0.25, 0.125].map((share) => expect.closeTo(share, 6)),
  );
});

test('large logits do not overflow, more than there are is all of them', () => {
  expect(topTokens(Float32Array.of(1000, 1000), 9, String).map(({ probability }) => probability)).toEqual([0.5, 0.5]);
});
