import * as tables from './unicode-tables';

/** The ranges of a table, for the inside of a character class with the flag v. */
export function classOf(table: string): string {
  return table
    .split(' ')
    .map((range) =>
      range
        .split('-')
        .map((code) => `\\u{${code}}`)
        .join('-'),
    )
    .join('');
}

/**
 * The inside of a class with the characters newer than the Unicode version of the Rust crates, which treat them as
 * unassigned.
 */
export const newer = classOf(tables.afterUnicode16);

/** A set without characters newer than Unicode 16, as a nested class with the flag v. */
export const upTo16 = (set: string): string => `[${set}--[${newer}]]`;

const wordCharacters = '\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}';

/** The word characters of Rust's regex crate. Those of Oniguruma exclude the joiners. */
export const rustWord = upTo16(`[${wordCharacters}\\p{Join_Control}]`);
export const onigurumaWord = upTo16(`[${wordCharacters}]`);

export const whiteSpace = '\\p{White_Space}';
export const punctuation = `[${classOf(tables.punctuation8)}]`;

/** A value computed on first use, because the large classes take milliseconds to compile. */
export function lazy<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

/** A global regular expression of a class, for splitting and replacing. */
export const every = (set: string): RegExp => new RegExp(set, 'gv');

const leading = new RegExp(`^${whiteSpace}+`, 'v');
const wordAtStart = lazy(() => new RegExp(`^${rustWord}`, 'v'));
const wordAtEnd = lazy(() => new RegExp(`${rustWord}$`, 'v'));
const space = new RegExp(`^${whiteSpace}$`, 'v');

/** The length of leading white space. */
export const leadingSpace = (text: string): number => leading.exec(text)?.[0].length ?? 0;

/** The length of trailing white space. All white space of Unicode is in the basic plane. */
export function trailingSpace(text: string): number {
  let end = text.length;
  while (end > 0 && space.test(text.charAt(end - 1))) end--;
  return text.length - end;
}

export const beginsWithWord = (text: string): boolean => wordAtStart().test(text.slice(0, 2));
export const endsWithWord = (text: string): boolean => wordAtEnd().test(text.slice(-2));

const byteToCharacter: string[] = [];
const characterToByte = new Map<string, number>();
// The table of GPT-2: printable bytes of Latin-1 map to themselves, the others to U+0100 and following.
for (let byte = 0, next = 256; byte < 256; byte++) {
  const printable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte !== 173);
  const character = String.fromCharCode(printable ? byte : next++);
  byteToCharacter.push(character);
  characterToByte.set(character, byte);
}

const utf8 = new TextEncoder();

/** The UTF-8 bytes of a text, each as its character in a byte-level vocabulary. */
export function bytesAsCharacters(text: string): string {
  let out = '';
  for (const byte of utf8.encode(text)) out += byteToCharacter[byte];
  return out;
}

/** The bytes of a byte-level token; undefined if one of its characters does not represent a byte. */
export function charactersAsBytes(token: string): number[] | undefined {
  const bytes: number[] = [];
  for (const character of token) {
    const byte = characterToByte.get(character);
    if (byte === undefined) return undefined;
    bytes.push(byte);
  }
  return bytes;
}

/** The byte tokens of a text in a vocabulary with byte fallback. */
export const byteTokens = (text: string): string[] =>
  Array.from(utf8.encode(text), (byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`);
