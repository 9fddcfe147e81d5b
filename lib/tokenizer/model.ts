import { refuse } from './refuse';
import { byteTokens } from './unicode';
import type { Vocabulary } from './vocabulary';

/** Turns a piece of text into ids of its vocabulary. */
export interface Model {
  readonly vocabulary: Vocabulary;
  /** Ids of the piece, added to `ids`. */
  encode(piece: string, ids: number[]): void;
}

/** @throws CircuitTracerError `ERR_TOKENIZER`: the vocabulary has no token for the text. */
export function noToken(piece: string): Error {
  const shown = JSON.stringify(piece.length > 60 ? `${piece.slice(0, 57)}...` : piece);
  return refuse(`The tokenizer has no token for ${shown} and none that stands for unknown text; leave it out.`);
}

/** Ids of the tokens that stand for the bytes of text; undefined unless the vocabulary has all of them. */
export function byteIds(piece: string, vocabulary: Vocabulary): number[] | undefined {
  const ids = byteTokens(piece).map((token) => vocabulary.id(token));
  return ids.includes(undefined) ? undefined : (ids as number[]);
}
