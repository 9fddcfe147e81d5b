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

/** Places of an interval looked at for its examples. */
const intervalBreadth = 60;

/**
 * Which places become examples: the strongest, then some from each interval of the range of activations. No document is
 * shown twice, and a word only so often: many features answer to several.
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

/** Strongest first; equals in the order of the text. */
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
