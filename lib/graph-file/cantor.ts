/** A layer and an index that are paired into one number. */
export interface Unpaired {
  readonly layer: number;
  readonly index: number;
}

/**
 * The number that graph files give a feature: z = (layer + index)(layer + index + 1) / 2 + index. The even factor is
 * halved first, so the result is exact as long as z is below 2^53.
 */
export function cantorPair(layer: number, index: number): number {
  const sum = layer + index;
  return (sum % 2 === 0 ? (sum / 2) * (sum + 1) : sum * ((sum + 1) / 2)) + index;
}

/**
 * The inverse of {@link cantorPair}: w = floor((sqrt(8 z + 1) - 1) / 2), index = z - w (w + 1) / 2, layer = w - index. The root
 * can be off by one for large z, so w is corrected until its triangle holds z.
 *
 * @returns undefined unless `paired` is a whole number from 0 to 2^53 - 1.
 */
export function cantorUnpair(paired: number): Unpaired | undefined {
  if (!Number.isSafeInteger(paired) || paired < 0) return undefined;
  let sum = Math.floor((Math.sqrt(8 * paired + 1) - 1) / 2);
  while (cantorPair(sum, 0) > paired) sum--;
  while (cantorPair(sum + 1, 0) <= paired) sum++;
  const index = paired - cantorPair(sum, 0);
  return { layer: sum - index, index };
}
