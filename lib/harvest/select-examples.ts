import type { ResolvedHarvestOptions } from './options';
import type { Place } from './place-heap';
import type { FeatureTally } from './tally';

export type SelectionRules = Pick<
  ResolvedHarvestOptions,
  'topExamples' | 'sameWord' | 'intervals' | 'intervalExamples'
>;

export interface ChosenQuantile {
  readonly name: string;
  readonly places: readonly Place[];
}

/** The number of positions of an interval that are considered for its examples. */
const intervalBreadth = 60;

/**
 * Select the positions that become examples: the strongest, then some from each interval of the activation range. No
 * document appears twice and the occurrences of a word are limited, because many features activate on several words.
 */
export function selectExamples(tally: FeatureTally, rules: SelectionRules): ChosenQuantile[] {
  const seen = new Set<number>();
  const top = pick(tally.top, rules.topExamples, rules.sameWord, seen);
  const sample = byStrength(tally.sample);
  const intervals = Array.from({ length: rules.intervals }, (_, i) => {
    const begin = Math.floor((sample.length * (i + 1)) / (rules.intervals + 1));
    return {
      name: `Subsample interval ${i}`,
      places: pick(sample.slice(begin, begin + intervalBreadth), rules.intervalExamples, 1, seen),
    };
  });
  return [{ name: 'Top activations', places: top }, ...intervals].filter(({ places }) => places.length > 0);
}

/** Sort by activation, strongest first, and by text order for equal activations. */
export function byStrength(places: readonly Place[]): Place[] {
  return places.toSorted((a, b) => b.value - a.value || a.line - b.line || a.position - b.position);
}

function pick(order: readonly Place[], count: number, sameWord: number, seen: Set<number>): Place[] {
  const picked: Place[] = [];
  const words = new Map<number, number>();
  for (const place of order) {
    if (picked.length === count) break;
    const shown = words.get(place.token) ?? 0;
    if (seen.has(place.document) || shown >= sameWord) continue;
    seen.add(place.document);
    words.set(place.token, shown + 1);
    picked.push(place);
  }
  return picked;
}
