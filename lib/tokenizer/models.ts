import { Bpe } from './bpe';
import { type Model, noToken } from './model';
import { integer, type Json, object, oneOf, text } from './refuse';
import { Unigram } from './unigram';
import { readVocabulary, type Vocabulary } from './vocabulary';

const types = ['BPE', 'WordLevel', 'WordPiece', 'Unigram'] as const;

/**
 * Build the model of tokenizer.json.
 *
 * @throws CircuitTracerError `ERR_TOKENIZER` for an unknown or malformed one.
 */
export function buildModel(given: unknown): Model {
  const config = object(given, 'model');
  switch (oneOf(config.type, 'model.type', types, inferred(config))) {
    case 'BPE':
      return new Bpe(config);
    case 'Unigram':
      return new Unigram(config);
    case 'WordLevel':
      return new WordLevel(config);
    case 'WordPiece':
      return new WordPiece(config);
  }
}

/** Infer the type, which old files do not name. */
function inferred(config: Json): (typeof types)[number] {
  if (config.merges !== undefined) return 'BPE';
  if (Array.isArray(config.vocab)) return 'Unigram';
  return config.continuing_subword_prefix === undefined ? 'WordLevel' : 'WordPiece';
}

class WordLevel implements Model {
  readonly vocabulary: Vocabulary;
  readonly #unknown: number | undefined;

  constructor(config: Json) {
    this.vocabulary = readVocabulary(config.vocab, 'model.vocab');
    this.#unknown = this.vocabulary.id(text(config.unk_token, 'model.unk_token', '<unk>'));
  }

  encode(piece: string, ids: number[]): void {
    const id = this.vocabulary.id(piece) ?? this.#unknown;
    if (id === undefined) throw noToken(piece);
    ids.push(id);
  }
}

/** Longest match first. A piece with an unknown part is unknown as a whole. */
class WordPiece implements Model {
  readonly vocabulary: Vocabulary;
  readonly #unknown: number | undefined;
  readonly #prefix: string;
  readonly #longest: number;

  constructor(config: Json) {
    this.vocabulary = readVocabulary(config.vocab, 'model.vocab');
    this.#unknown = this.vocabulary.id(text(config.unk_token, 'model.unk_token', '[UNK]'));
    this.#prefix = text(config.continuing_subword_prefix, 'model.continuing_subword_prefix', '##');
    this.#longest = integer(config.max_input_chars_per_word, 'model.max_input_chars_per_word', 0, 100);
  }

  encode(piece: string, ids: number[]): void {
    const characters = [...piece];
    const found = characters.length > this.#longest ? undefined : this.#parts(characters);
    if (found) {
      for (const id of found) ids.push(id);
      return;
    }
    if (this.#unknown === undefined) throw noToken(piece);
    ids.push(this.#unknown);
  }

  #parts(characters: readonly string[]): number[] | undefined {
    const ids: number[] = [];
    for (let begin = 0; begin < characters.length; ) {
      let end = characters.length;
      let id: number | undefined;
      for (; end > begin && id === undefined; end--) {
        const part = characters.slice(begin, end).join('');
        id = this.vocabulary.id(begin > 0 ? this.#prefix + part : part);
      }
      if (id === undefined) return undefined;
      ids.push(id);
      begin = end + 1;
    }
    return ids;
  }
}
