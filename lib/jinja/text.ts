import { work, workPerItem } from './budget';
import { UnsupportedError } from './errors';
import { Float, isDict, isList, items, Tuple, Undefined, type Value, View, workOn } from './values';

/**
 * The white space of Python's `str.isspace`. JavaScript includes U+FEFF, and excludes the ASCII separators and U+0085.
 */
const space = '\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000';
export const spaces = new RegExp(`[${space}]+`, 'g');
const leading = new RegExp(`^[${space}]+`);
const spaceCharacter = new RegExp(`[${space}]`);

export const isSpace = (character: string): boolean => spaceCharacter.test(character);
export const stripLeft = (plain: string): string => plain.replace(leading, '');

export function stripRight(plain: string): string {
  let end = plain.length;
  while (end > 0 && isSpace(plain.charAt(end - 1))) end--;
  return plain.slice(0, end);
}

/** `strip(chars)`: strip the characters from both ends; white space without an argument. */
export function strip(plain: string, characters: string | null, left: boolean, right: boolean): string {
  if (characters === null) {
    const rest = left ? stripLeft(plain) : plain;
    return right ? stripRight(rest) : rest;
  }
  const set = new Set(characters);
  const letters = [...plain];
  let begin = 0;
  let end = letters.length;
  while (left && begin < end && set.has(letters[begin] as string)) begin++;
  while (right && end > begin && set.has(letters[end - 1] as string)) end--;
  return letters.slice(begin, end).join('');
}

/** A value as printed by `{{ }}`: Python's `str`. */
export function str(value: Value): string {
  if (typeof value === 'string') return value;
  if (value instanceof Undefined) return '';
  return repr(value);
}

/** Python's `repr`. */
export function repr(value: Value): string {
  work(workPerItem);
  workOn(value);
  if (value === null) return 'None';
  if (value === true) return 'True';
  if (value === false) return 'False';
  if (typeof value === 'number') return String(value);
  if (value instanceof Float) return floatText(value.value);
  if (typeof value === 'string') return quoted(value);
  if (value instanceof Undefined) return 'Undefined';
  if (value instanceof View) return `${value.kind}([${value.items.map(repr).join(', ')}])`;
  if (value instanceof Tuple) {
    const inside = value.items.map(repr).join(', ');
    return value.items.length === 1 ? `(${inside},)` : `(${inside})`;
  }
  if (isList(value)) return `[${items(value).map(repr).join(', ')}]`;
  if (isDict(value)) return `{${[...value].map(([key, item]) => `${repr(key)}: ${repr(item)}`).join(', ')}}`;
  throw new UnsupportedError('printing a function');
}

/** A float in Python's notation: `1.0`, `1e+16`, `1e-05`, `inf`. */
export function floatText(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  if (Object.is(value, -0)) return '-0.0';
  const exponent = value === 0 ? 0 : Math.floor(Math.log10(Math.abs(value)));
  if (value !== 0 && (exponent < -4 || Number(Math.abs(value)) >= 1e16)) {
    const [digits, power] = value.toExponential().split('e') as [string, string];
    return `${digits}e${power.charAt(0)}${power.slice(1).padStart(2, '0')}`;
  }
  const plain = expanded(value);
  return plain.includes('.') ? plain : `${plain}.0`;
}

/** Expand the exponent that JavaScript writes below 1e-6. */
function expanded(value: number): string {
  const plain = String(value);
  if (!plain.includes('e-')) return plain;
  const [digits, power] = Math.abs(value).toExponential().split('e') as [string, string];
  return `${value < 0 ? '-' : ''}0.${'0'.repeat(-Number(power) - 1)}${digits.replace('.', '')}`;
}

const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };
const unprintable = /[\p{C}\p{Zl}\p{Zp}\p{Zs}]/u;

function quoted(plain: string): string {
  const quote = plain.includes("'") && !plain.includes('"') ? '"' : "'";
  let out = '';
  for (const character of plain) {
    const code = character.codePointAt(0) as number;
    const known = escapes[character];
    if (known) out += known;
    else if (character === quote) out += `\\${quote}`;
    else if (character === ' ' || !unprintable.test(character)) out += character;
    else if (code < 0x100) out += `\\x${code.toString(16).padStart(2, '0')}`;
    else
      out += code < 0x10000 ? `\\u${code.toString(16).padStart(4, '0')}` : `\\U${code.toString(16).padStart(8, '0')}`;
  }
  return quote + out + quote;
}

/** Python's `str.title`: the first of each run of cased letters in title case, and the others in lower case. */
export function title(plain: string): string {
  let inside = false;
  let out = '';
  for (const letter of plain) {
    out += inside ? letter.toLowerCase() : titleCase(letter);
    inside = /[\p{Lowercase}\p{Uppercase}\p{Lt}]/u.test(letter);
  }
  return out;
}

/** `capitalize`: the first letter in title case, and the others in lower case. */
export function capitalize(plain: string): string {
  const [first = '', ...rest] = plain;
  return titleCase(first) + rest.join('').toLowerCase();
}

/** The letters with a separate title case in Unicode. */
const digraphs: Readonly<Record<string, string>> = {
  Ǆ: 'ǅ',
  ǆ: 'ǅ',
  ǅ: 'ǅ',
  Ǉ: 'ǈ',
  ǉ: 'ǈ',
  ǈ: 'ǈ',
  Ǌ: 'ǋ',
  ǌ: 'ǋ',
  ǋ: 'ǋ',
  Ǳ: 'ǲ',
  ǳ: 'ǲ',
  ǲ: 'ǲ',
};

function titleCase(letter: string): string {
  const digraph = digraphs[letter];
  if (digraph) return digraph;
  // Georgian letters have capitals but no title case.
  if (/[\u10d0-\u10ff]/.test(letter)) return letter;
  // Greek letters with an iota subscript have single title-case characters.
  const code = letter.codePointAt(0) ?? 0;
  if (code >= 0x1f80 && code <= 0x1faf) return String.fromCodePoint(code | 8);
  if (code === 0x1fb3 || code === 0x1fc3 || code === 0x1ff3) return String.fromCodePoint(code + 9);
  const [first = '', ...rest] = letter.toUpperCase();
  return first.toLowerCase() === first ? first + rest.join('') : first + rest.join('').toLowerCase();
}
