import type { Built } from './normalizers';
import { compileOniguruma } from './oniguruma';
import { type Behavior, behaviors, literal, readPattern, split } from './pattern';
import { flag, integer, type Json, list, object, oneOf, refuse, text } from './refuse';
import { bytesAsCharacters, every, lazy, punctuation, rustWord, whiteSpace } from './unicode';

/** A piece of text for the model. `first` marks the beginning of the original text. */
export interface Piece {
  readonly text: string;
  readonly first: boolean;
}

export type PreTokenize = (pieces: readonly Piece[]) => Piece[];

/** Split pieces with `cut`. */
const cutting =
  (cut: (plain: string) => [number, number][]): PreTokenize =>
  (pieces) =>
    pieces.flatMap(({ text: plain, first }) =>
      cut(plain).map(([begin, end]) => ({ text: plain.slice(begin, end), first: first && begin === 0 })),
    );

const splitting = (pattern: RegExp, behavior: Behavior, invert = false): PreTokenize =>
  cutting((plain) => split(plain, pattern, behavior, invert));

const then =
  (...steps: readonly PreTokenize[]): PreTokenize =>
  (pieces) =>
    steps.reduce<readonly Piece[]>((current, step) => step(current), pieces) as Piece[];

const mapping =
  (change: (piece: Piece) => string): PreTokenize =>
  (pieces) =>
    pieces.map((piece) => ({ ...piece, text: change(piece) }));

const builders: Readonly<Record<string, (config: Json, name: string) => Built<PreTokenize>>> = {
  ByteLevel: byteLevel,
  Metaspace: metaspace,
  Split: splitBuilder,
  Sequence: sequence,
  Whitespace: () => fixed(splitting(new RegExp(`${rustWord}+|[^${rustWord}${whiteSpace}]+`, 'gv'), 'Removed', true)),
  WhitespaceSplit: () => fixed(splitting(every(whiteSpace), 'Removed')),
  BertPreTokenizer: () =>
    fixed(then(splitting(every(whiteSpace), 'Removed'), splitting(every(punctuation), 'Isolated'))),
  Punctuation: (config, name) =>
    fixed(splitting(every(punctuation), oneOf(config.behavior, `${name}.behavior`, behaviors, 'Isolated'))),
  Digits: (config, name) =>
    fixed(
      splitting(/\p{N}/gu, flag(config.individual_digits, `${name}.individual_digits`) ? 'Isolated' : 'Contiguous'),
    ),
  CharDelimiterSplit: (config, name) =>
    fixed(splitting(literal(oneCharacter(config.delimiter, `${name}.delimiter`)), 'Removed')),
  FixedLength: (config, name) => {
    const length = integer(config.length, `${name}.length`, 1, 5);
    return fixed(splitting(new RegExp(`[\\s\\S]{1,${length}}`, 'gv'), 'Isolated'));
  },
};

/**
 * Build the pre-tokeniser of tokenizer.json, which splits text into pieces that the model never joins.
 *
 * @throws CircuitTracerError `ERR_TOKENIZER` for an unknown or malformed one.
 */
export function buildPreTokenizer(given: unknown, name = 'pre_tokenizer'): Built<PreTokenize> | undefined {
  if (given === null || given === undefined) return undefined;
  const config = object(given, name);
  const type = text(config.type, `${name}.type`);
  const builder = Object.hasOwn(builders, type) ? builders[type] : undefined;
  if (builder) return builder(config, name);
  throw refuse(`${name}.type ${JSON.stringify(type)} is not supported.`);
}

const fixed = (run: PreTokenize): Built<PreTokenize> => ({ run, patterns: [] });

function oneCharacter(given: unknown, name: string): string {
  const found = text(given, name);
  if ([...found].length === 1) return found;
  throw refuse(`${name} must be one character; found ${JSON.stringify(found)}.`);
}

/** The pattern of GPT-2, which is built into the library. */
const gpt2 = lazy(() =>
  compileOniguruma("'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+"),
);

function byteLevel(config: Json, name: string): Built<PreTokenize> {
  const prefix = flag(config.add_prefix_space, `${name}.add_prefix_space`, true);
  const uses = flag(config.use_regex, `${name}.use_regex`, true);
  const spaced = mapping(({ text: plain }) => (plain.startsWith(' ') ? plain : ` ${plain}`));
  return fixed(
    then(
      ...(prefix ? [spaced] : []),
      ...(uses ? [splitting(gpt2(), 'Isolated')] : []),
      mapping(({ text: plain }) => bytesAsCharacters(plain)),
    ),
  );
}

const schemes = ['always', 'first', 'never'] as const;

function metaspace(config: Json, name: string): Built<PreTokenize> {
  const replacement = oneCharacter(config.replacement ?? '▁', `${name}.replacement`);
  // Files from before 0.14 have a flag instead of the scheme.
  const legacy = config.add_prefix_space === false ? 'never' : 'always';
  const scheme = oneOf(config.prepend_scheme, `${name}.prepend_scheme`, schemes, legacy);
  const marked = mapping(({ text: plain, first }) => {
    const spaced = plain.replaceAll(' ', replacement);
    const prepends = scheme === 'always' || (scheme === 'first' && first);
    return prepends && !spaced.startsWith(replacement) ? replacement + spaced : spaced;
  });
  const splits = flag(config.split, `${name}.split`, true);
  return fixed(splits ? then(marked, splitting(literal(replacement), 'MergedWithNext')) : marked);
}

function splitBuilder(config: Json, name: string): Built<PreTokenize> {
  const { regex, source } = readPattern(config.pattern, `${name}.pattern`);
  const behavior = oneOf(config.behavior, `${name}.behavior`, behaviors);
  const run = splitting(regex, behavior, flag(config.invert, `${name}.invert`));
  return { run, patterns: source === undefined ? [] : [source] };
}

function sequence(config: Json, name: string): Built<PreTokenize> {
  const items = list(config.pretokenizers, `${name}.pretokenizers`);
  const built = items.map((item, i) => {
    const step = buildPreTokenizer(item, `${name}.pretokenizers[${i}]`);
    if (step) return step;
    throw refuse(`${name}.pretokenizers[${i}] must be an object; found null.`);
  });
  return { run: then(...built.map(({ run }) => run)), patterns: built.flatMap(({ patterns }) => patterns) };
}
