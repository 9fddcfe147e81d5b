/** A token of the corpus on which a feature is active. */
export interface Place {
  readonly value: number;
  /** Of the text file, from 0. */
  readonly line: number;
  /** Among the line's tokens, special ones in front not counted; below 2^20. */
  readonly position: number;
  /** Below 2^21. */
  readonly token: number;
  /** Hash of the tokens of the document: equal documents have equal ones. */
  readonly document: number;
}

/** What decides which places stay: the larger, the better; of equals the earlier place. */
export type Rank = (value: number, line: number, position: number) => number;

/** Lines longer than this can't be told apart in what is kept. */
export const longestLineTokens = 2 ** 20;

const slots = 3;
const firstCapacity = 2;
const bits = new DataView(new ArrayBuffer(4));

/** The `capacity` best places of many, in whatever order they come. Grows as it fills; 24 bytes a place. */
export class PlaceHeap {
  readonly #capacity: number;
  readonly #rank: Rank;
  #size = 0;
  /** Rank of the worst place, once full. */
  #floor = -Infinity;
  /** [places, 3] token and the bits of the value, line and position, document: each in the 53 bits of a double. */
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
    // Nearly all places of a frequent feature end here.
    if (this.#rank(place.value, place.line, place.position) < this.#floor) return;
    if (!this.isFull) {
      if (slots * this.#size === this.#data.length) this.#grow();
      this.#set(this.#size, place);
      this.#rise(this.#size++);
    } else if (this.#compare(place, this.#get(0)) > 0) {
      this.#set(0, place);
      this.#sink();
    }
    if (this.isFull) this.#floor = this.#rankOf(this.#get(0));
  }

  /** Best first. */
  places(): Place[] {
    return Array.from({ length: this.#size }, (_, i) => this.#get(i)).sort((a, b) => this.#compare(b, a));
  }

  #rankOf({ value, line, position }: Place): number {
    return this.#rank(value, line, position);
  }

  /** Positive when `a` is better. */
  #compare(a: Place, b: Place): number {
    return this.#rankOf(a) - this.#rankOf(b) || b.line - a.line || b.position - a.position;
  }

  #get(i: number): Place {
    const [packed = 0, where = 0, document = 0] = [0, 1, 2].map((slot) => this.#data[slots * i + slot]);
    bits.setUint32(0, packed % 2 ** 32);
    return {
      value: bits.getFloat32(0),
      line: Math.floor(where / longestLineTokens),
      position: where % longestLineTokens,
      token: Math.floor(packed / 2 ** 32),
      document,
    };
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
      if (this.#compare(this.#get(i), this.#get(parent)) >= 0) return;
      this.#swap(i, parent);
      i = parent;
    }
  }

  #sink(): void {
    for (let i = 0; ; ) {
      let worst = i;
      for (const child of [2 * i + 1, 2 * i + 2]) {
        if (child < this.#size && this.#compare(this.#get(child), this.#get(worst)) < 0) worst = child;
      }
      if (worst === i) return;
      this.#swap(i, worst);
      i = worst;
    }
  }

  #swap(a: number, b: number): void {
    const [left, right] = [this.#get(a), this.#get(b)];
    this.#set(a, right);
    this.#set(b, left);
  }

  #grow(): void {
    const grown = new Float64Array(slots * Math.min((2 * this.#data.length) / slots, this.#capacity));
    grown.set(this.#data);
    this.#data = grown;
  }
}
