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

/** UTF-8 has nothing for them. */
const loneSurrogates = /\p{Surrogate}/gu;

/**
 * tokenizer.json at work, step by step as Python's tokenizers library has it: added tokens are found, the rest is
 * normalised, cut into pieces and given to the model; ids become text again through the decoder.
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
  /** Added tokens that the normaliser changes, as they are decoded. */
  readonly #shown = new Map<number, string>();
  /** Regular expressions of the files, which decide how long a text may take. */
  readonly patterns: readonly string[];
  /** Number of tokens, added ones included. */
  readonly size: number;
  /** Whether every text comes back as it was: byte by byte, with nothing changed or cut away. */
  readonly isLossless: boolean;
  /** Whether an added token has another id than its file says: the next after the vocabulary, as in Python. */
  moved = false;

  /** @throws CircuitTracerError `ERR_TOKENIZER` for what isn't known, not well-formed or contradicts itself. */
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
    const added = this.#place(readAddedTokens(definition, config));
    const isNew = (id: number) => this.#model.vocabulary.token(id) === undefined;
    this.size = this.#model.vocabulary.size + new Set(added.map(({ id }) => id).filter(isNew)).size;
    this.#plainAdded = new AddedTokenFinder(added.filter(({ normalized }) => !normalized));
    this.#normalizedAdded = new AddedTokenFinder(
      added.filter(({ normalized }) => normalized),
      this.#normalize,
    );
  }

  /**
   * Ids of added tokens, as Python gives them: that of the vocabulary for a token that is in it, else the next that is free.
   *
   * @throws CircuitTracerError `ERR_TOKENIZER` for an id that two tokens have.
   */
  #place(added: readonly AddedToken[]): AddedToken[] {
    const { vocabulary } = this.#model;
    let next = vocabulary.size;
    return added.map((token) => {
      const { id: listed, content } = token;
      const holder = vocabulary.token(listed) ?? this.#added.token(listed);
      if (holder !== undefined && holder !== content) {
        throw refuse(`The id ${listed} stands for ${describe(holder)} and for ${describe(content)}.`);
      }
      const known = vocabulary.id(content) ?? this.#added.id(content);
      const id = known ?? next;
      if (known === undefined) {
        next = id + 1;
        this.moved ||= id !== listed;
      }
      this.#added.addListed(content, id);
      // As tokenizers 0.23 shows it.
      if (token.normalized && this.#normalize) this.#shown.set(id, this.#normalize(content));
      return { ...token, id };
    });
  }

  /** Ids of the text alone; special tokens written in it are recognised. */
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

  /** Text of the tokens, special ones included. Ids that stand for no token add nothing. */
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
