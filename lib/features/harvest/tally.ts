import { type Place, PlaceHeap } from './place-heap';

/** What is kept of one feature. */
export class FeatureTally {
  count = 0;
  max = -Infinity;
  min = Infinity;
  /** The strongest places. */
  readonly top: PlaceHeap;
  /** Places chosen by a hash of where they are: as good as at random, and the same every time. All, if there are few. */
  readonly sample: PlaceHeap;

  constructor({ candidates, sample }: TallySizes) {
    this.top = new PlaceHeap(candidates, (value) => value);
    this.sample = new PlaceHeap(sample, (_, line, position) => mix(line, position));
  }

  add(place: Place): void {
    this.count++;
    this.max = Math.max(this.max, place.value);
    this.min = Math.min(this.min, place.value);
    this.top.add(place);
    this.sample.add(place);
  }
}

export interface TallySizes {
  /** Places kept to choose the top examples from. */
  readonly candidates: number;
  /** Places kept for quantiles, histogram and interval examples. */
  readonly sample: number;
}

/** The tallies of all features that were active at least once. */
export class Tallies {
  readonly sizes: TallySizes;
  /** Tokens that could have features. */
  tokens = 0;
  readonly #layers = new Map<number, Map<number, FeatureTally>>();

  constructor(sizes: TallySizes) {
    this.sizes = sizes;
  }

  /** The tally of a feature, made if there is none. */
  of(layer: number, feature: number): FeatureTally {
    const features = this.#layers.get(layer) ?? new Map<number, FeatureTally>();
    this.#layers.set(layer, features);
    const tally = features.get(feature) ?? new FeatureTally(this.sizes);
    features.set(feature, tally);
    return tally;
  }

  find(layer: number, feature: number): FeatureTally | undefined {
    return this.#layers.get(layer)?.get(feature);
  }

  *entries(): Iterable<[layer: number, feature: number, tally: FeatureTally]> {
    for (const [layer, features] of this.#layers) {
      for (const [feature, tally] of features) yield [layer, feature, tally];
    }
  }
}

/** Two numbers to one of 32 bits, by the finaliser of MurmurHash3. */
function mix(line: number, position: number): number {
  let z = (Math.imul(line, 0x9e3779b1) ^ Math.imul(position, 0x85ebca77)) >>> 0;
  z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
  z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
  return (z ^ (z >>> 16)) >>> 0;
}

/** A hash of 52 bits of a document's tokens: FNV-1a, twice. */
export function documentHash(tokens: ArrayLike<number>): number {
  let [a, b] = [0x811c9dc5, 0x01000193];
  for (let i = 0; i < tokens.length; i++) {
    a = Math.imul(a ^ (tokens[i] ?? 0), 0x01000193);
    b = Math.imul(b ^ (tokens[i] ?? 0), 0x85ebca6b) ^ (b >>> 13);
  }
  return (a >>> 0) * 2 ** 20 + ((b >>> 0) & 0xfffff);
}
