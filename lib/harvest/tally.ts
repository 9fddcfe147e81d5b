import { type Place, PlaceHeap } from './place-heap';

/** The collected data of one feature. */
export class FeatureTally {
  count = 0;
  max = -Infinity;
  min = Infinity;
  readonly #sizes: TallySizes;
  readonly #top: PlaceHeap;
  /** Created once the strongest positions are no longer all positions. */
  #sample: PlaceHeap | undefined;

  constructor(sizes: TallySizes) {
    this.#sizes = sizes;
    this.#top = new PlaceHeap(sizes.candidates, (value) => value);
  }

  add(place: Place): void {
    this.count++;
    this.max = Math.max(this.max, place.value);
    this.min = Math.min(this.min, place.value);
    if (this.#sample === undefined && this.#top.isFull) this.#startSample(this.#top.places());
    this.#top.add(place);
    this.#sample?.add(place);
  }

  /** The strongest positions, best first. */
  get top(): Place[] {
    return this.#top.places();
  }

  /**
   * A sample of positions, chosen by a hash of line and position, so that it is both random and reproducible. All
   * positions if there are few.
   */
  get sample(): Place[] {
    return this.#sample?.places() ?? this.top;
  }

  /** Restore the results of {@link top} and {@link sample}. */
  restore(top: readonly Place[], sample: readonly Place[] | undefined): void {
    for (const place of top) this.#top.add(place);
    if (sample) this.#startSample(sample);
  }

  /** Whether the sample contains other positions than the strongest. */
  get hasOwnSample(): boolean {
    return this.#sample !== undefined;
  }

  #startSample(places: readonly Place[]): void {
    this.#sample = new PlaceHeap(this.#sizes.sample, (_, line, position) => mix(line, position));
    for (const place of places) this.#sample.add(place);
  }
}

export interface TallySizes {
  /** The number of positions kept as candidates for the top examples. */
  readonly candidates: number;
  /** The number of positions kept for quantiles, histogram and interval examples. */
  readonly sample: number;
}

/** The tallies of all features that were active at least once. */
export class Tallies {
  readonly sizes: TallySizes;
  /** The number of tokens that may have features. */
  tokens = 0;
  readonly #layers = new Map<number, Map<number, FeatureTally>>();

  constructor(sizes: TallySizes) {
    this.sizes = sizes;
  }

  /** The tally of a feature, created on first use. */
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

/** Mix two numbers into one of 32 bits with the finaliser of MurmurHash3. */
function mix(line: number, position: number): number {
  let z = (Math.imul(line, 0x9e3779b1) ^ Math.imul(position, 0x85ebca77)) >>> 0;
  z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
  z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
  return (z ^ (z >>> 16)) >>> 0;
}

/** A 52-bit hash of the tokens of a document, from two FNV-1a hashes. */
export function documentHash(tokens: ArrayLike<number>): number {
  let [a, b] = [0x811c9dc5, 0x01000193];
  for (let i = 0; i < tokens.length; i++) {
    a = Math.imul(a ^ (tokens[i] ?? 0), 0x01000193);
    b = Math.imul(b ^ (tokens[i] ?? 0), 0x85ebca6b) ^ (b >>> 13);
  }
  return (a >>> 0) * 2 ** 20 + ((b >>> 0) & 0xfffff);
}
