import { describe } from '../validate';
import { byteIds, type Model, noToken } from './model';
import { flag, type Json, list, refuse } from './refuse';
import { Vocabulary } from './vocabulary';

/** A node of the trie: the next node for each character, and the token that ends here. */
interface TrieNode {
  readonly children: Map<string, TrieNode>;
  id: number;
}

const unknownPenalty = 10;

/** The most likely segmentation of a piece into tokens, each of which has a log probability. */
export class Unigram implements Model {
  readonly vocabulary = new Vocabulary();
  readonly #scores: number[] = [];
  readonly #root: TrieNode = { children: new Map(), id: -1 };
  readonly #unknown: number | undefined;
  readonly #unknownScore: number;
  readonly #byteFallback: boolean;

  constructor(config: Json) {
    const entries = list(config.vocab, 'model.vocab');
    if (entries.length === 0) throw refuse('model.vocab must have at least one token; found none.');
    let least = Infinity;
    for (const [id, entry] of entries.entries()) {
      const [token, score] = Array.isArray(entry) ? entry : [];
      if (typeof token !== 'string' || typeof score !== 'number') {
        throw refuse(`model.vocab[${id}] must be a token and its score; found ${describe(entry)}.`);
      }
      this.vocabulary.addListed(token, id);
      this.#scores.push(score);
      this.#insert(token, id);
      least = Math.min(least, score);
    }
    this.#unknownScore = least - unknownPenalty;
    this.#byteFallback = flag(config.byte_fallback, 'model.byte_fallback');
    this.#unknown = unknownId(config.unk_id, entries.length);
  }

  #insert(token: string, id: number): void {
    let node = this.#root;
    for (const character of token) {
      const child = node.children.get(character) ?? { children: new Map(), id: -1 };
      node.children.set(character, child);
      node = child;
    }
    if (token !== '') node.id = id;
  }

  encode(piece: string, ids: number[]): void {
    if (piece === '') return;
    for (const part of this.#parts(Array.from(piece))) {
      const id = this.vocabulary.id(part);
      if (id !== undefined) {
        ids.push(id);
        continue;
      }
      const bytes = this.#byteFallback ? byteIds(part, this.vocabulary) : undefined;
      if (bytes) for (const byte of bytes) ids.push(byte);
      else if (this.#unknown === undefined) throw noToken(part);
      else ids.push(this.#unknown);
    }
  }

  /** The parts of the best path, with unknown neighbours joined. */
  #parts(characters: readonly string[]): string[] {
    const { from, token } = this.#bestPath(characters);
    const parts: string[] = [];
    let unknownEnd = -1;
    const flush = (begin: number) => {
      if (unknownEnd >= 0) parts.push(characters.slice(begin, unknownEnd).join(''));
      unknownEnd = -1;
    };
    let end = characters.length;
    while (end > 0) {
      const begin = from[end] as number;
      if (token[end] === this.#unknown) {
        if (unknownEnd < 0) unknownEnd = end;
      } else {
        flush(end);
        parts.push(characters.slice(begin, end).join(''));
      }
      end = begin;
    }
    flush(0);
    return parts.reverse();
  }

  /** For each position, the best token that ends there and its start. A character without a token is unknown. */
  #bestPath(characters: readonly string[]): { from: Int32Array; token: Int32Array } {
    const n = characters.length;
    const from = new Int32Array(n + 1).fill(-1);
    const token = new Int32Array(n + 1).fill(-1);
    const best = new Float64Array(n + 1);
    const offer = (begin: number, end: number, id: number, score: number) => {
      const candidate = (best[begin] as number) + score;
      if (from[end] !== -1 && candidate <= (best[end] as number)) return;
      from[end] = begin;
      token[end] = id;
      best[end] = candidate;
    };
    for (let begin = 0; begin < n; begin++) {
      let single = false;
      let node: TrieNode | undefined = this.#root;
      for (let end = begin; end < n; end++) {
        node = node.children.get(characters[end] as string);
        if (!node) break;
        if (node.id < 0) continue;
        offer(begin, end + 1, node.id, this.#scores[node.id] as number);
        single ||= end === begin;
      }
      if (single) continue;
      if (this.#unknown === undefined) throw noToken(characters[begin] as string);
      offer(begin, begin + 1, this.#unknown, this.#unknownScore);
    }
    return { from, token };
  }
}

function unknownId(given: unknown, size: number): number | undefined {
  if (given === null || given === undefined) return undefined;
  if (Number.isInteger(given) && (given as number) >= 0 && (given as number) < size) return given as number;
  throw refuse(`model.unk_id must be an index of model.vocab; found ${describe(given)}.`);
}
