/** A token with its probability. */
export interface TokenProbability {
  readonly tokenId: number;
  readonly token: string;
  readonly probability: number;
}

/** The likeliest next tokens, without and with interventions. */
export interface TopTokenComparison {
  readonly before: readonly TokenProbability[];
  readonly after: readonly TokenProbability[];
}

/**
 * The likeliest tokens of one position, likeliest first. Of equal tokens, the lower id comes first.
 *
 * @param logits [dVocab]
 * @param decode returns the text of a token
 */
export function topTokens(logits: Float32Array, count: number, decode: (id: number) => string): TokenProbability[] {
  const best = largest(logits, count);
  const max = logits[best[0] as number] as number;
  const total = logits.reduce((sum, logit) => sum + Math.exp(logit - max), 0);
  return best.map((tokenId) => ({
    tokenId,
    token: decode(tokenId),
    probability: Math.exp((logits[tokenId] as number) - max) / total,
  }));
}

/** The indices of the largest values, found in one pass. */
function largest(values: Float32Array, count: number): number[] {
  const best: number[] = [];
  const at = (index: number) => values[index] as number;
  for (let index = 0; index < values.length; index++) {
    if (best.length === count && at(index) <= at(best[count - 1] as number)) continue;
    let place = best.length;
    while (place > 0 && at(best[place - 1] as number) < at(index)) place--;
    best.splice(place, 0, index);
    best.length = Math.min(best.length, count);
  }
  return best;
}
