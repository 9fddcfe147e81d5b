import { describe } from '../validate';
import { type AddedToken, AddedTokenFinder, readAddedTokens } from './added-tokens';
import { buildDecoder, type Decode } from './decoders';
import type { Model } from './model';
import { buildModel } from './models';
import { buildNormalizer, type Normalize } from './normalizers';
import { checkPostProcessor } from './post-processor';
import { buildPreTokenizer, type Piece, type PreTokenize } from './pre-tokenizers';
import { type Json, refuse } from './refuse';
import { Vocabulary } from './vocabulary';

/** UTF-8 cannot encode them. */
const loneSurrogates = /\p{Surrogate}/gu;

/**
 * The pipeline of tokenizer.json, with the same steps as Python's tokenizers library. Added tokens are matched, and the
 * rest is normalised, split into pieces and passed to the model. The decoder turns ids back into text.
 *
 * The post-processor only adds special tokens, which this package does itself.
 */
export class Pipeline {
  readonly #normalize: Normalize | undefined;
  readonly #preTokenize: PreTokenize | undefined;
  readonly #model: Model;
  readonly #decode: Decode | undefined;
  readonly #plainAdded: AddedTokenFinder;
  readonly #normalizedAdded: AddedTokenFinder;
  readonly #added = new Vocabulary();
  /** The decoded text of added tokens that the normaliser changes. */
  readonly #shown = new Map<number, string>();
  /** The regular expressions of the files, which determine how long a text may take. */
  readonly patterns: readonly string[];
  /** The number of tokens, including added ones. */
  readonly size: number;
  /** Whether every text survives a round trip: byte-level, without changes or removals. */
  readonly isLossless: boolean;
  /** Whether an added token has another id than in its file: the next id after the vocabulary, as in Python. */
  moved = false;

  /** @throws CircuitTracerError `ERR_TOKENIZER` for unknown, malformed or contradictory content. */
  constructor(definition: Json, config: Json) {
    const normalizer = buildNormalizer(definition.normalizer);
    const preTokenizer = buildPreTokenizer(definition.pre_tokenizer);
    const decoder = buildDecoder(definition.decoder);
    checkPostProcessor(definition.post_processor);
    this.#normalize = normalizer?.run;
    this.#preTokenize = preTokenizer?.run;
    this.#decode = decoder?.run;
    this.patterns = [normalizer, preTokenizer, decoder].flatMap((part) => part?.patterns ?? []);
    this.#model = buildModel(definition.model);
    const forms = ['NFC', undefined];
    const decoderType = (definition.decoder as Json | null)?.type;
    this.isLossless =
      decoderType === 'ByteLevel' && forms.includes((definition.normalizer as Json | null)?.type as string);
    const added = this.#assignIds(readAddedTokens(definition, config));
    const isNew = (id: number) => this.#model.vocabulary.token(id) === undefined;
    this.size = this.#model.vocabulary.size + new Set(added.map(({ id }) => id).filter(isNew)).size;
    this.#plainAdded = new AddedTokenFinder(added.filter(({ normalized }) => !normalized));
    this.#normalizedAdded = new AddedTokenFinder(
      added.filter(({ normalized }) => normalized),
      this.#normalize,
    );
  }

  /**
   * Assign ids to added tokens as in Python: the id in the vocabulary if there is one, otherwise the next free id.
   *
   * @throws CircuitTracerError `ERR_TOKENIZER` for an id of two tokens.
   */
  #assignIds(added: readonly AddedToken[]): AddedToken[] {
    const { vocabulary } = this.#model;
    let next = vocabulary.size;
    return added.map((token) => {
      const { id: listed, content } = token;
      const holder = vocabulary.token(listed) ?? this.#added.token(listed);
      if (holder !== undefined && holder !== content) {
        throw refuse(`The id ${listed} belongs to both ${describe(holder)} and ${describe(content)}.`);
      }
      const known = vocabulary.id(content) ?? this.#added.id(content);
      const id = known ?? next;
      if (known === undefined) {
        next = id + 1;
        this.moved ||= id !== listed;
      }
      this.#added.addListed(content, id);
      // As in tokenizers 0.23.
      if (token.normalized && this.#normalize) this.#shown.set(id, this.#normalize(content));
      return { ...token, id };
    });
  }

  /** Encode a text. Special tokens written in it are recognised. */
  encode(plain: string): number[] {
    const ids: number[] = [];
    const well = plain.replace(loneSurrogates, '\u{fffd}');
    for (const section of this.#plainAdded.sections(well)) {
      if (section.id === undefined)
        this.#encodeSection(well.slice(section.begin, section.end), section.begin === 0, ids);
      else ids.push(section.id);
    }
    return ids;
  }

  #encodeSection(given: string, first: boolean, ids: number[]): void {
    const plain = this.#normalize ? this.#normalize(given) : given;
    for (const { begin, end, id } of this.#normalizedAdded.sections(plain)) {
      if (id !== undefined) {
        ids.push(id);
        continue;
      }
      const whole: Piece[] = [{ text: plain.slice(begin, end), first: first && begin === 0 }];
      const pieces = this.#preTokenize ? this.#preTokenize(whole) : whole;
      for (const piece of pieces) if (piece.text !== '') this.#model.encode(piece.text, ids);
    }
  }

  /** Decode tokens to text, including special tokens. Unknown ids are skipped. */
  decode(ids: Iterable<number>): string {
    const tokens: string[] = [];
    for (const id of ids) {
      const token = this.token(id);
      if (token !== undefined) tokens.push(token);
    }
    return this.#decode ? this.#decode(tokens).join('') : tokens.join(' ');
  }

  id(token: string): number | undefined {
    return this.#added.id(token) ?? this.#model.vocabulary.id(token);
  }

  token(id: number): string | undefined {
    return this.#shown.get(id) ?? this.#added.token(id) ?? this.#model.vocabulary.token(id);
  }
}
