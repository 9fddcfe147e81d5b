import { type SamplingOptions, samplingOptions } from '../../../lib/intervention/options';
import { chooseToken } from '../../../lib/intervention/sampling';
import { resolveOptions } from '../../../lib/options';
import { Random } from '../../../lib/random';

const resolveSampling = (options: SamplingOptions) => resolveOptions(samplingOptions, options);

const logits = Float32Array.from([1, 3, 2, 3, -40].map((x) => Math.log(2 ** x)));

/** Share of each token in many draws. */
function shares(options: SamplingOptions, counts = new Map<number, number>()): number[] {
  const resolved = resolveSampling(options);
  const random = new Random(5);
  const draws = 20_000;
  const seen = new Array<number>(logits.length).fill(0);
  for (let i = 0; i < draws; i++) {
    const token = chooseToken(logits, counts, resolved, random);
    seen[token] = (seen[token] as number) + 1 / draws;
  }
  return seen;
}

const near = (expected: number[]) => expected.map((share) => expect.closeTo(share, 1));

test('temperature 0 takes the likeliest, of equals the first', () => {
  const greedy = resolveSampling({});
  expect(chooseToken(logits, new Map(), greedy, new Random(0))).toBe(1);
  expect(chooseToken(logits, new Map([[1, 1]]), { ...greedy, frequencyPenalty: 0.1 }, new Random(0))).toBe(3);
});

test('temperature 1 draws by probability', () => {
  expect(shares({ temperature: 1 })).toEqual(near([2 / 22, 8 / 22, 4 / 22, 8 / 22, 0]));
});

test('a low temperature sharpens', () => {
  expect(shares({ temperature: 0.5 })).toEqual(near([4 / 148, 64 / 148, 16 / 148, 64 / 148, 0]));
});

test('topK and topP leave the unlikely out', () => {
  expect(shares({ temperature: 1, topK: 1 })[1]).toBeCloseTo(1);
  expect(shares({ temperature: 1, topK: 3 })).toEqual(near([0, 0.4, 0.2, 0.4, 0]));
  expect(shares({ temperature: 1, topP: 0.5 })).toEqual(near([0, 0.5, 0, 0.5, 0]));
  expect(shares({ temperature: 1, topP: 0.3 })[1]).toBeCloseTo(1);
});

test('a frequency penalty lowers the logits of generated tokens', () => {
  const counts = new Map([[1, 2]]);
  const halved = shares({ temperature: 1, frequencyPenalty: Math.log(2) }, counts);
  expect(halved).toEqual(near([2 / 16, 2 / 16, 4 / 16, 8 / 16, 0]));
});

test.each<[SamplingOptions, RegExp]>([
  [{ temperature: -1 }, /temperature/],
  [{ topK: 0 }, /topK/],
  [{ topP: 0 }, /topP/],
  [{ topP: 1.1 }, /topP/],
  [{ frequencyPenalty: Number.NaN }, /frequencyPenalty/],
  [{ seed: -1 }, /seed/],
])('%j is refused', (options, name) => {
  expect(() => resolveSampling(options)).toThrow(
    expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT', message: expect.stringMatching(name) }),
  );
});
