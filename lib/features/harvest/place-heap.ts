/** A token of the corpus on which a feature is active. */
export interface Place {
  readonly value: number;
  /** Of the text file, from 0. */
  readonly line: number;
  /** Among the line's tokens, special ones in front not counted. */
  readonly position: number;
  readonly token: number;
  /** Hash of the tokens of the document: equal documents have equal ones. */
  readonly document: number;
}

/** What decides which places stay: the larger, the better; of equals the earlier place. */
export type Rank = (value: number, line: number, position: number) => number;

const firstCapacity = 4;

/** The `capacity` best places of many, in whatever order they come. Grows as it fills; 24 bytes a place. */
export class PlaceHeap {
  readonly #capacity: number;
  readonly #rank: Rank;
  #size = 0;
  /** Rank of the worst place, once full. */
  #floor = -Infinity;
  #values = new Float32Array(firstCapacity);
  #documents = new Float64Array(firstCapacity);
  /** [places, 3] line, position, token */
  #where = new Uint32Array(3 * firstCapacity);

  constructor(capacity: number, rank: Rank) {
    this.#capacity = capacity;
    this.#rank = rank;
  }

  get size(): number {
    return this.#size;
  }

  add(place: Place): void {
    // Nearly all places of a frequent feature end here.
    if (this.#rank(place.value, place.line, place.position) < this.#floor) return;
    if (this.#size < this.#capacity) {
      if (this.#size === this.#values.length) this.#grow();
      this.#set(this.#size, place);
      this.#rise(this.#size++);
      if (this.#size === this.#capacity) this.#raiseFloor();
    } else if (this.#capacity > 0 && this.#isBetter(place)) {
      this.#set(0, place);
      this.#sink();
      this.#raiseFloor();
    }
  }

  #raiseFloor(): void {
    const { value, line, position } = this.#get(0);
    this.#floor = this.#rank(value, line, position);
  }

  /** Best first. */
  places(): Place[] {
    const all = Array.from({ length: this.#size }, (_, i) => this.#get(i));
    const rank = ({ value, line, position }: Place) => this.#rank(value, line, position);
    return all.sort((a, b) => rank(b) - rank(a) || a.line - b.line || a.position - b.position);
  }

  /** Whether it is better than the worst, which is at the root. */
  #isBetter({ value, line, position }: Place): boolean {
    const root = this.#get(0);
    const difference = this.#rank(value, line, position) - this.#rank(root.value, root.line, root.position);
    return difference === 0 ? line < root.line || (line === root.line && position < root.position) : difference > 0;
  }

  #get(i: number): Place {
    const [line = 0, position = 0, token = 0] = this.#where.subarray(3 * i, 3 * i + 3);
    return { value: this.#values[i] ?? 0, line, position, token, document: this.#documents[i] ?? 0 };
  }

  #set(i: number, { value, line, position, token, document }: Place): void {
    this.#values[i] = value;
    this.#documents[i] = document;
    this.#where[3 * i] = line;
    this.#where[3 * i + 1] = position;
    this.#where[3 * i + 2] = token;
  }

  #worse(a: number, b: number): boolean {
    const [left, right] = [this.#get(a), this.#get(b)];
    const difference =
      this.#rank(left.value, left.line, left.position) - this.#rank(right.value, right.line, right.position);
    if (difference !== 0) return difference < 0;
    return left.line > right.line || (left.line === right.line && left.position > right.position);
  }

  #swap(a: number, b: number): void {
    const [left, right] = [this.#get(a), this.#get(b)];
    this.#set(a, right);
    this.#set(b, left);
  }

  #rise(from: number): void {
    for (let i = from; i > 0; ) {
      const parent = (i - 1) >> 1;
      if (!this.#worse(i, parent)) return;
      this.#swap(i, parent);
      i = parent;
    }
  }

  #sink(): void {
    for (let i = 0; ; ) {
      let worst = i;
      for (const child of [2 * i + 1, 2 * i + 2]) if (child < this.#size && this.#worse(child, worst)) worst = child;
      if (worst === i) return;
      this.#swap(i, worst);
      i = worst;
    }
  }

  #grow(): void {
    const capacity = Math.min(2 * this.#values.length, this.#capacity);
    const grown = <T extends Float32Array | Float64Array | Uint32Array>(to: T, from: T): T => {
      to.set(from);
      return to;
    };
    this.#values = grown(new Float32Array(capacity), this.#values);
    this.#documents = grown(new Float64Array(capacity), this.#documents);
    this.#where = grown(new Uint32Array(3 * capacity), this.#where);
  }
}
