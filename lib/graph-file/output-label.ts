import { number } from './json-values';

/** The label of a logit: `Output " salt" (p=0.123)`. */
export function outputLabel(token: string, probability: number): string {
  return `Output "${token}" (p=${threeDecimals(probability)})`;
}

/** The token in the label of a logit from any writer, between its first and last quotes. Undefined without quotes. */
export function tokenOfOutputLabel(label: string): string | undefined {
  return /"(.*)"/s.exec(label)?.[1] ?? /'(.*)'/s.exec(label)?.[1];
}

/** The probability in the label of a logit. Undefined if there is none. */
export function probabilityOfOutputLabel(label: string): number | undefined {
  return number(/\(p=([^)]*)\)/.exec(label)?.[1]);
}

/** Rounds like C's printf: ties, which are the odd sixteenths, go to the even digit. `toFixed` rounds them up. */
export function threeDecimals(value: number): string {
  if (Math.abs(value * 16) % 2 !== 1) return value.toFixed(3);
  const lower = Math.floor(value * 1000);
  return ((lower + Math.abs(lower % 2)) / 1000).toFixed(3);
}
