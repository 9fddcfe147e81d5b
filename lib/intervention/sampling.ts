import type { Random } from '../random';
import type { ResolvedSamplingOptions } from './options';

/**
 * Choose the next token: subtract the penalties from the logits, divide by the temperature, keep the k likeliest
 * tokens, of these the fewest that reach the share topP, and draw one. Temperature 0 chooses the likeliest token, the
 * first of equals.
 *
 * @param logits [dVocab]
 * @param counts how often each token has been generated
 */
export function chooseToken(
  logits: Float32Array,
  counts: ReadonlyMap<number, number>,
  options: ResolvedSamplingOptions,
  random: Random,
): number {
  const { temperature, frequencyPenalty } = options;
  const scores = Float64Array.from(logits);
  for (const [token, count] of counts) scores[token] = (scores[token] as number) - frequencyPenalty * count;
  const best = indexOfMax(scores);
  if (temperature === 0) return best;
  const highest = scores[best] as number;
  const weights = scores.map((score) => Math.exp((score - highest) / temperature));
  return draw(candidates(weights, options), weights, random);
}

function indexOfMax(scores: Float64Array): number {
  let best = 0;
  for (let i = 1; i < scores.length; i++) if ((scores[i] as number) > (scores[best] as number)) best = i;
  return best;
}

/** The tokens to draw from. Sorted by likelihood if any token is excluded. */
function candidates(weights: Float64Array, { topK, topP }: ResolvedSamplingOptions): Uint32Array {
  const tokens = Uint32Array.from(weights, (_, token) => token);
  if (topK >= tokens.length && topP === 1) return tokens;
  const weight = (token: number) => weights[token] as number;
  tokens.sort((a, b) => weight(b) - weight(a) || a - b);
  const kept = tokens.subarray(0, Math.min(topK, tokens.length));
  const wanted = topP * sum(kept, weights);
  let reached = 0;
  const last = kept.findIndex((token) => {
    reached += weight(token);
    return reached >= wanted;
  });
  return last < 0 ? kept : kept.subarray(0, last + 1);
}

function draw(tokens: Uint32Array, weights: Float64Array, random: Random): number {
  let left = random.uniform() * sum(tokens, weights);
  // Rounding can leave a remainder after the last possible token.
  let chosen = 0;
  for (const token of tokens) {
    const weight = weights[token] as number;
    if (weight === 0) continue;
    chosen = token;
    left -= weight;
    if (left < 0) break;
  }
  return chosen;
}

function sum(tokens: Uint32Array, weights: Float64Array): number {
  let total = 0;
  for (const token of tokens) total += weights[token] as number;
  return total;
}
