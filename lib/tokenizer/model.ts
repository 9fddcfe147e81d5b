import { refuse } from './refuse';
import { byteTokens } from './unicode';
import type { Vocabulary } from './vocabulary';

/** A model that turns a piece of text into token ids. */
export interface Model {
  readonly vocabulary: Vocabulary;
  /** Append the ids of the piece to `ids`. */
  encode(piece: string, ids: number[]): void;
}

/** @throws CircuitTracerError `ERR_TOKENIZER` because the vocabulary has no token for the text. */
export function noToken(piece: string): Error {
  const shown = JSON.stringify(piece.length > 60 ? `${piece.slice(0, 57)}...` : piece);
  return refuse(`The tokenizer has no token for ${shown} and no unknown token. Remove it from the text.`);
}

/** The ids of the byte tokens of a text; undefined unless the vocabulary has all of them. */
export function byteIds(piece: string, vocabulary: Vocabulary): number[] | undefined {
  const ids = byteTokens(piece).map((token) => vocabulary.id(token));
  return ids.includes(undefined) ? undefined : (ids as number[]);
}
