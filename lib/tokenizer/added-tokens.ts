import { isObject } from '../is-object';
import { describe } from '../validate';
import type { Normalize } from './normalizers';
import { flag, integer, type Json, list, object, refuse, text } from './refuse';
import { beginsWithWord, endsWithWord, leadingSpace, trailingSpace } from './unicode';

/** A token that is matched in the text before it is split. */
export interface AddedToken {
  readonly id: number;
  readonly content: string;
  readonly singleWord: boolean;
  readonly lstrip: boolean;
  readonly rstrip: boolean;
  readonly normalized: boolean;
  readonly special: boolean;
}

/** An added token, or the text between added tokens. */
export type Section = { readonly begin: number; readonly end: number; readonly id?: number };

/**
 * Read the added tokens of tokenizer.json, and those that only tokenizer_config.json lists.
 *
 * @throws CircuitTracerError `ERR_TOKENIZER` for malformed entries.
 */
export function readAddedTokens(definition: Json, config: Json): AddedToken[] {
  const listed = list(definition.added_tokens ?? [], 'added_tokens').map((token, i) => {
    const entry = object(token, `added_tokens[${i}]`);
    return read(entry, integer(entry.id, `added_tokens[${i}].id`), `added_tokens[${i}]`);
  });
  const known = new Set(listed.map(({ id }) => id));
  const { added_tokens_decoder: decoder } = config;
  if (decoder === undefined || decoder === null) return listed;
  if (!isObject(decoder)) throw refuse(`added_tokens_decoder must be an object; found ${describe(decoder)}.`);
  const extra = Object.entries(decoder).map(([key, token]) => {
    const name = `added_tokens_decoder[${JSON.stringify(key)}]`;
    if (!/^\d{1,10}$/.test(key)) throw refuse(`${name}: the key must be a token id.`);
    return read(object(token, name), integer(Number(key), name), name);
  });
  return [...listed, ...extra.filter(({ id }) => !known.has(id))];
}

function read(entry: Json, id: number, name: string): AddedToken {
  const special = flag(entry.special, `${name}.special`);
  return {
    id,
    content: text(entry.content, `${name}.content`),
    singleWord: flag(entry.single_word, `${name}.single_word`),
    lstrip: flag(entry.lstrip, `${name}.lstrip`),
    rstrip: flag(entry.rstrip, `${name}.rstrip`),
    normalized: flag(entry.normalized, `${name}.normalized`, !special),
    special,
  };
}

/** Finds added tokens in text: the leftmost match, and the longest of those with the same start. */
export class AddedTokenFinder {
  /** The tokens by first character, the longest first. */
  readonly #byStart = new Map<string, { readonly text: string; readonly token: AddedToken }[]>();

  constructor(tokens: readonly AddedToken[], normalize?: Normalize) {
    for (const token of tokens) {
      const written = normalize ? normalize(token.content) : token.content;
      if (written === '') continue;
      const start = written.charAt(0);
      const others = this.#byStart.get(start);
      if (others) others.push({ text: written, token });
      else this.#byStart.set(start, [{ text: written, token }]);
    }
    for (const entries of this.#byStart.values()) entries.sort((a, b) => b.text.length - a.text.length);
  }

  sections(plain: string): Section[] {
    const out: Section[] = [];
    let done = 0;
    if (this.#byStart.size === 0) return plain === '' ? [] : [{ begin: 0, end: plain.length }];
    for (let at = 0; at < plain.length; at++) {
      const found = this.#at(plain, at);
      if (!found) continue;
      const { token } = found;
      const after = at + found.text.length;
      if (token.singleWord && (endsWithWord(plain.slice(0, at)) || beginsWithWord(plain.slice(after)))) {
        at = after - 1;
        continue;
      }
      const begin = token.lstrip ? Math.max(done, at - trailingSpace(plain.slice(done, at))) : at;
      const end = token.rstrip ? after + leadingSpace(plain.slice(after)) : after;
      if (done < begin) out.push({ begin: done, end: begin });
      out.push({ begin: Math.max(begin, done), end, id: token.id });
      done = Math.max(end, done);
      at = after - 1;
    }
    if (done < plain.length) out.push({ begin: done, end: plain.length });
    return out;
  }

  #at(plain: string, at: number) {
    return this.#byStart.get(plain.charAt(at))?.find(({ text: written }) => plain.startsWith(written, at));
  }
}
