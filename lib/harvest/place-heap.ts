/** A token of the corpus on which a feature is active. */
export interface Place {
  readonly value: number;
  /** The line of the text file, from 0. */
  readonly line: number;
  /** The index in the line, not counting leading special tokens; below 2^20. */
  readonly position: number;
  /** The token id, below 2^21. */
  readonly token: number;
  /** The hash of the tokens of the document, which is equal for equal documents. */
  readonly document: number;
}

/** The rank that decides which positions are kept: the larger the better, and the earlier position for equal ranks. */
export type Rank = (value: number, line: number, position: number) => number;

/** The longest line that the stored positions can represent. */
export const longestLineTokens = 2 ** 20;

const slots = 3;
const firstCapacity = 2;
const bits = new DataView(new ArrayBuffer(4));

/**
 * Keeps the `capacity` best positions, regardless of the order in which they are added. Grows as it fills, with 24
 * bytes per position.
 */
export class PlaceHeap {
  readonly #capacity: number;
  readonly #rank: Rank;
  #size = 0;
  /** The rank of the worst position once the heap is full. */
  #floor = -Infinity;
  /** [positions, 3] token and value bits; line and position; document: each in the 53 bits of a double. */
  #data = new Float64Array(slots * firstCapacity);

  constructor(capacity: number, rank: Rank) {
    this.#capacity = capacity;
    this.#rank = rank;
  }

  get size(): number {
    return this.#size;
  }

  get isFull(): boolean {
    return this.#size === this.#capacity;
  }

  add(place: Place): void {
    // Almost all positions of a frequent feature end here.
    if (this.#rank(place.value, place.line, place.position) < this.#floor) return;
    if (!this.isFull) {
      if (slots * this.#size === this.#data.length) this.#grow();
      this.#set(this.#size, place);
      this.#rise(this.#size++);
    } else if (this.#compare(place, this.#get(0)) > 0) {
      this.#set(0, place);
      this.#sink();
    }
    if (this.isFull) this.#floor = this.#rankAt(0);
  }

  /** The positions, best first. */
  places(): Place[] {
    return Array.from({ length: this.#size }, (_, i) => this.#get(i)).sort((a, b) => this.#compare(b, a));
  }

  #rankPosition({ value, line, position }: Place): number {
    return this.#rank(value, line, position);
  }

  /** Compare two positions. Positive when `a` is better. */
  #compare(a: Place, b: Place): number {
    return this.#rankPosition(a) - this.#rankPosition(b) || b.line - a.line || b.position - a.position;
  }

  #get(i: number): Place {
    const where = this.#whereAt(i);
    return {
      value: this.#valueAt(i),
      line: Math.floor(where / longestLineTokens),
      position: where % longestLineTokens,
      token: Math.floor((this.#data[slots * i] as number) / 2 ** 32),
      document: this.#data[slots * i + 2] as number,
    };
  }

  #valueAt(i: number): number {
    bits.setUint32(0, (this.#data[slots * i] as number) % 2 ** 32);
    return bits.getFloat32(0);
  }

  #whereAt(i: number): number {
    return this.#data[slots * i + 1] as number;
  }

  #rankAt(i: number): number {
    const where = this.#whereAt(i);
    return this.#rank(this.#valueAt(i), Math.floor(where / longestLineTokens), where % longestLineTokens);
  }

  /** As {@link #compare}, for two stored positions. */
  #compareAt(a: number, b: number): number {
    return this.#rankAt(a) - this.#rankAt(b) || this.#whereAt(b) - this.#whereAt(a);
  }

  #set(i: number, { value, line, position, token, document }: Place): void {
    bits.setFloat32(0, value);
    this.#data[slots * i] = token * 2 ** 32 + bits.getUint32(0);
    this.#data[slots * i + 1] = line * longestLineTokens + position;
    this.#data[slots * i + 2] = document;
  }

  #rise(from: number): void {
    for (let i = from; i > 0; ) {
      const parent = (i - 1) >> 1;
      if (this.#compareAt(i, parent) >= 0) return;
      this.#swap(i, parent);
      i = parent;
    }
  }

  #sink(): void {
    for (let i = 0; ; ) {
      let worst = i;
      for (const child of [2 * i + 1, 2 * i + 2]) {
        if (child < this.#size && this.#compareAt(child, worst) < 0) worst = child;
      }
      if (worst === i) return;
      this.#swap(i, worst);
      i = worst;
    }
  }

  #swap(a: number, b: number): void {
    for (let slot = 0; slot < slots; slot++) {
      const left = this.#data[slots * a + slot] as number;
      this.#data[slots * a + slot] = this.#data[slots * b + slot] as number;
      this.#data[slots * b + slot] = left;
    }
  }

  #grow(): void {
    const grown = new Float64Array(slots * Math.min((2 * this.#data.length) / slots, this.#capacity));
    grown.set(this.#data);
    this.#data = grown;
  }
}
