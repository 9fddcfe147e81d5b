import { number } from './json-values';

/** The label of a logit: `Output " salt" (p=0.123)`. */
export function outputLabel(token: string, probability: number): string {
  return `Output "${token}" (p=${threeDecimals(probability)})`;
}

/** The token in a logit's label of any writer, between its first and last quotes; undefined without. */
export function tokenOfOutputLabel(label: string): string | undefined {
  return /"(.*)"/s.exec(label)?.[1] ?? /'(.*)'/s.exec(label)?.[1];
}

/** The probability in a logit's label; undefined without. */
export function probabilityOfOutputLabel(label: string): number | undefined {
  return number(/\(p=([^)]*)\)/.exec(label)?.[1]);
}

/** As C's printf rounds: ties, which are the odd sixteenths, go to the even digit, where toFixed rounds them up. */
export function threeDecimals(value: number): string {
  if (Math.abs(value * 16) % 2 !== 1) return value.toFixed(3);
  const lower = Math.floor(value * 1000);
  return ((lower + Math.abs(lower % 2)) / 1000).toFixed(3);
}
