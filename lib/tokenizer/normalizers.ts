import { readPattern, replaceAll } from './pattern';
import { precompiled } from './precompiled';
import { flag, list, object, refuse, text } from './refuse';
import { bytesAsCharacters, classOf, every, lazy, leadingSpace, trailingSpace, whiteSpace } from './unicode';
import { bertControls, combiningMarks, nonspacingMarks8, normalizationInert } from './unicode-tables';

export type Normalize = (plain: string) => string;

/** The function built from a definition, and the regular expressions that it runs. */
export interface Built<T> {
  readonly run: T;
  readonly patterns: readonly string[];
}

const fixed = <T>(run: T): Built<T> => ({ run, patterns: [] });

const activePart = lazy(() => new RegExp(`[^${classOf(normalizationInert)}]+`, 'gv'));

/** Normalisation of Unicode 9. Later characters are unchanged and prevent their neighbours from combining. */
const unicodeForm =
  (form: string): Normalize =>
  (plain) =>
    plain.replace(activePart(), (part) => part.normalize(form));

const nfd = unicodeForm('NFD');
// Character by character, because the library has no final sigma rule.
const lowercase: Normalize = (plain) => Array.from(plain, (character) => character.toLowerCase()).join('');
function removing(table: string): Normalize {
  const pattern = lazy(() => every(`[${classOf(table)}]`));
  return (plain) => plain.replace(pattern(), '');
}

/** The characters that SentencePiece's translation rules remove. */
const nmtControls = every(`[${classOf('1-8 b e-1f 7f 8f 9f')}]`);

const simple: Readonly<Record<string, Normalize>> = {
  NFC: unicodeForm('NFC'),
  NFD: nfd,
  NFKC: unicodeForm('NFKC'),
  NFKD: unicodeForm('NFKD'),
  Lowercase: lowercase,
  StripAccents: removing(combiningMarks),
  ByteLevel: bytesAsCharacters,
  Nmt: (plain) =>
    plain
      .replace(nmtControls, '')
      .replace(/[\t\n\f\r\u{1680}\u{200b}-\u{200f}\u{2028}\u{2029}\u{2581}\u{feff}\u{fffd}]/gu, ' '),
};

/**
 * Build the normaliser of tokenizer.json, which is applied to text before it is split.
 *
 * @throws CircuitTracerError `ERR_TOKENIZER` for an unknown or malformed one.
 */
export function buildNormalizer(given: unknown, name = 'normalizer'): Built<Normalize> | undefined {
  if (given === null || given === undefined) return undefined;
  const config = object(given, name);
  const type = text(config.type, `${name}.type`);
  const known = Object.hasOwn(simple, type) ? simple[type] : undefined;
  if (known) return fixed(known);
  if (type === 'Sequence') return sequence(list(config.normalizers, `${name}.normalizers`), `${name}.normalizers`);
  if (type === 'Replace') {
    const { regex, source } = readPattern(config.pattern, `${name}.pattern`);
    const content = text(config.content, `${name}.content`);
    return { run: (plain) => replaceAll(plain, regex, content), patterns: source === undefined ? [] : [source] };
  }
  if (type === 'Prepend') {
    const front = text(config.prepend, `${name}.prepend`);
    return fixed((plain) => (plain === '' ? plain : front + plain));
  }
  if (type === 'Strip') {
    const [left, right] = [
      flag(config.strip_left, `${name}.strip_left`),
      flag(config.strip_right, `${name}.strip_right`),
    ];
    return fixed((plain) => strip(plain, left, right));
  }
  if (type === 'BertNormalizer') return fixed(bert(config, name));
  if (type === 'Precompiled') return fixed(precompiled(config.precompiled_charsmap, `${name}.precompiled_charsmap`));
  throw refuse(`${name}.type ${JSON.stringify(type)} is not supported.`);
}

function sequence(items: readonly unknown[], name: string): Built<Normalize> {
  const built = items.map((item, i) => buildNormalizer(item, `${name}[${i}]`)).filter((item) => item !== undefined);
  return {
    run: (plain) => built.reduce((current, { run }) => run(current), plain),
    patterns: built.flatMap(({ patterns }) => patterns),
  };
}

function strip(plain: string, left: boolean, right: boolean): string {
  const begin = left ? leadingSpace(plain) : 0;
  const rest = plain.slice(begin);
  return right ? rest.slice(0, rest.length - trailingSpace(rest)) : rest;
}

// Control characters that the library treats as white space are kept.
const bertRemoved = lazy(() => every(`[\\u{0}\\u{fffd}${classOf(bertControls)}]`));
const bertSpace = lazy(() => every(`[${whiteSpace}--[\\u{b}\\u{c}\\u{85}]]`));
/** The ranges that BERT treats as Chinese, with the library's own gap from U+2B820. */
const chinese =
  /[\u{4e00}-\u{9fff}\u{3400}-\u{4dbf}\u{20000}-\u{2a6df}\u{2a700}-\u{2b81f}\u{2b920}-\u{2ceaf}\u{f900}-\u{faff}\u{2f800}-\u{2fa1f}]/gu;
const withoutAccents = removing(nonspacingMarks8);

function bert(config: Readonly<Record<string, unknown>>, name: string): Normalize {
  const lower = flag(config.lowercase, `${name}.lowercase`, true);
  const accents = flag(config.strip_accents, `${name}.strip_accents`, lower);
  const clean = flag(config.clean_text, `${name}.clean_text`, true);
  const spaced = flag(config.handle_chinese_chars, `${name}.handle_chinese_chars`, true);
  return (plain) => {
    let out = plain;
    if (clean) out = out.replace(bertRemoved(), '').replace(bertSpace(), ' ');
    if (spaced) out = out.replace(chinese, ' $& ');
    if (accents) out = withoutAccents(nfd(out));
    return lower ? lowercase(out) : out;
  };
}
