import { MinHeap } from './min-heap';
import { byteIds, type Model } from './model';
import { flag, type Json, list, refuse, text } from './refuse';
import { readVocabulary, type Vocabulary } from './vocabulary';

const cachedLength = 256;
const cacheSize = 10_000;
/** The longest piece, in symbols, that is merged by a linear scan, which is faster than a heap for short pieces. */
const shortPiece = 24;

/** Byte-pair encoding. Neighbouring symbols are merged, the earliest rule first and the leftmost position first. */
export class Bpe implements Model {
  readonly vocabulary: Vocabulary;
  readonly #unknown: number | undefined;
  readonly #prefix: string;
  readonly #suffix: string;
  readonly #fuses: boolean;
  readonly #byteFallback: boolean;
  readonly #ignoresMerges: boolean;
  /** The rank of a pair of ids, with left * 2^31 + right as the key. */
  readonly #ranks = new Map<number, number>();
  /** [merges] the id that each rank produces */
  readonly #made: number[] = [];
  readonly #cache = new Map<string, readonly number[]>();

  constructor(config: Json) {
    this.vocabulary = readVocabulary(config.vocab, 'model.vocab');
    if (config.dropout)
      throw refuse(`model.dropout must be 0 or null, because dropout skips merges at random; found ${config.dropout}.`);
    this.#prefix = text(config.continuing_subword_prefix, 'model.continuing_subword_prefix', '');
    this.#suffix = text(config.end_of_word_suffix, 'model.end_of_word_suffix', '');
    this.#fuses = flag(config.fuse_unk, 'model.fuse_unk');
    this.#byteFallback = flag(config.byte_fallback, 'model.byte_fallback');
    this.#ignoresMerges = flag(config.ignore_merges, 'model.ignore_merges');
    const unknown = text(config.unk_token, 'model.unk_token', '');
    this.#unknown =
      config.unk_token === null || config.unk_token === undefined ? undefined : this.vocabulary.id(unknown);
    for (const [rank, merge] of list(config.merges, 'model.merges').entries()) this.#addMerge(merge, rank);
  }

  #addMerge(merge: unknown, rank: number): void {
    const pair = typeof merge === 'string' ? merge.split(' ') : merge;
    if (!Array.isArray(pair) || pair.length !== 2 || typeof pair[0] !== 'string' || typeof pair[1] !== 'string') {
      throw refuse(`model.merges[${rank}] must be two tokens; found ${JSON.stringify(merge)?.slice(0, 60)}.`);
    }
    const [left, right] = pair as [string, string];
    const made = left + right.slice(this.#prefix.length);
    const ids = [left, right, made].map((token) => {
      const id = this.vocabulary.id(token);
      if (id !== undefined) return id;
      throw refuse(`model.merges[${rank}] contains ${JSON.stringify(token)}, which is not in model.vocab.`);
    }) as [number, number, number];
    this.#ranks.set(pairKey(ids[0], ids[1]), rank);
    this.#made[rank] = ids[2];
  }

  encode(piece: string, ids: number[]): void {
    for (const id of this.#piece(piece)) ids.push(id);
  }

  #piece(piece: string): readonly number[] {
    const whole = this.#ignoresMerges ? this.vocabulary.id(piece) : undefined;
    if (whole !== undefined) return [whole];
    const cached = this.#cache.get(piece);
    if (cached) return cached;
    const symbols = this.#symbols(piece);
    const merged = symbols.length <= shortPiece ? this.#mergeShort(symbols) : this.#mergeLong(symbols);
    if (piece.length < cachedLength) {
      if (this.#cache.size >= cacheSize) this.#cache.clear();
      this.#cache.set(piece, merged);
    }
    return merged;
  }

  /** The ids of the characters. One that is not in the vocabulary becomes its bytes, the unknown token or nothing. */
  #symbols(piece: string): number[] {
    const out: number[] = [];
    let unknown = false;
    let at = 0;
    for (const character of piece) {
      const begins = at > 0 ? this.#prefix : '';
      at += character.length;
      const symbol = `${begins}${character}${at === piece.length ? this.#suffix : ''}`;
      const id = this.vocabulary.id(symbol);
      if (id !== undefined) {
        if (unknown) out.push(this.#unknown as number);
        unknown = false;
        out.push(id);
        continue;
      }
      const bytes = this.#byteFallback ? byteIds(symbol, this.vocabulary) : undefined;
      if (bytes) out.push(...bytes);
      else if (this.#unknown !== undefined) {
        // As in the library, one unknown token stays pending, and bytes that follow come before it.
        if (unknown && !this.#fuses) out.push(this.#unknown);
        unknown = true;
      }
    }
    if (unknown) out.push(this.#unknown as number);
    return out;
  }

  #rank(left: number | undefined, right: number | undefined): number {
    if (left === undefined || right === undefined) return Infinity;
    return this.#ranks.get(pairKey(left, right)) ?? Infinity;
  }

  #mergeShort(symbols: number[]): number[] {
    for (;;) {
      let best = Infinity;
      let position = -1;
      for (let i = 0; i + 1 < symbols.length; i++) {
        const rank = this.#rank(symbols[i], symbols[i + 1]);
        if (rank < best) [best, position] = [rank, i];
      }
      if (position < 0) return symbols;
      symbols.splice(position, 2, this.#made[best] as number);
    }
  }

  /** Merge with a heap of positions by rank and a linked list of symbols, in n log n for n symbols. */
  #mergeLong(given: readonly number[]): number[] {
    const symbols = Int32Array.from(given);
    const next = Int32Array.from(symbols, (_, i) => (i + 1 < symbols.length ? i + 1 : -1));
    const previous = Int32Array.from(symbols, (_, i) => i - 1);
    const heap = new MinHeap();
    const offer = (at: number) => {
      const right = at < 0 ? -1 : (next[at] as number);
      const rank = right < 0 ? Infinity : this.#rank(symbols[at], symbols[right]);
      // Sorted by rank, then by position. Both fit in one double.
      if (rank < Infinity) heap.push(rank * 2 ** 32 + at);
    };
    for (let i = 0; i < symbols.length; i++) offer(i);
    for (let top = heap.pop(); top !== undefined; top = heap.pop()) {
      const rank = Math.floor(top / 2 ** 32);
      const at = top - rank * 2 ** 32;
      const right = next[at] as number;
      const made = this.#made[rank] as number;
      // The pair was merged in the meantime.
      if (symbols[at] === -1 || right < 0 || this.#made[this.#rank(symbols[at], symbols[right])] !== made) continue;
      symbols[at] = made;
      symbols[right] = -1;
      next[at] = next[right] as number;
      if ((next[at] as number) >= 0) previous[next[at] as number] = at;
      offer(previous[at] as number);
      offer(at);
    }
    return Array.from(symbols.filter((id) => id !== -1));
  }
}

const pairKey = (left: number, right: number): number => left * 2 ** 31 + right;
