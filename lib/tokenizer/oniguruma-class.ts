import { closeFold } from './case-fold';
import { refuse } from './refuse';
import { onigurumaWord, upTo16, whiteSpace } from './unicode';

/** The position in a pattern. */
export interface Cursor {
  readonly source: string;
  at: number;
}

/** A set of characters as a nested JavaScript class with the flag v, and whether it is a single literal character. */
interface ClassItem {
  readonly set: string;
  readonly code?: number;
}

/** The scripts and properties that JavaScript spells differently. */
const properties: Readonly<Record<string, string>> = {
  alnum: `[\\p{Alphabetic}\\p{Nd}]`,
  alpha: '\\p{Alphabetic}',
  any: '\\p{Any}',
  assigned: '\\p{Assigned}',
  blank: `[\\t\\p{Zs}]`,
  cntrl: '\\p{Cc}',
  digit: '\\p{Nd}',
  graph: `[^${whiteSpace}\\p{Cc}\\p{Cn}\\p{Cs}]`,
  lower: '\\p{Lowercase}',
  print: `[[^\\p{Cc}\\p{Cn}\\p{Cs}]--[\\u{2028}\\u{2029}]]`,
  punct: '\\p{P}',
  space: whiteSpace,
  upper: '\\p{Uppercase}',
  word: `[\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}]`,
  xdigit: '[0-9A-Fa-f]',
  ascii: '[\\u{0}-\\u{7f}]',
};

const literal = (code: number): string => `\\u{${code.toString(16)}}`;

/**
 * Properties that include unassigned characters, which differ between JavaScript and Oniguruma's older Unicode version.
 */
const unassigned = new Set(['cn', 'unassigned', 'c', 'other']);

function propertySet(name: string): string {
  const key = name.replace(/[\s_-]/g, '').toLowerCase();
  const known = properties[key];
  if (known) return known;
  const spelt = name.replace(/[\s-]/g, '_');
  const forms = [spelt, `Script=${spelt}`, `Script=${spelt.toLowerCase().replace(/(^|_)./g, (c) => c.toUpperCase())}`];
  // A name of one or two letters is a general category, in any case.
  if (/^[a-z]{1,2}$/i.test(name)) forms.unshift(name.charAt(0).toUpperCase() + name.slice(1).toLowerCase());
  for (const form of forms) {
    try {
      new RegExp(`\\p{${form}}`, 'v');
      return `\\p{${form}}`;
    } catch {}
  }
  throw refuse(`The property \\p{${name}} in a regular expression is not supported.`);
}

/** `\p{Name}`, `\p{^Name}`, `\P{Name}` or a POSIX bracket's name, as a class. */
export function property(name: string, negated: boolean): string {
  const inverted = name.startsWith('^');
  const plain = inverted ? name.slice(1) : name;
  const set = propertySet(plain);
  const positive = unassigned.has(plain.toLowerCase()) ? newerUnassigned(set) : upTo16(set);
  return negated !== inverted ? `[^${positive}]` : positive;
}

function newerUnassigned(set: string): string {
  return `[${set}[\\p{Any}--${upTo16('\\p{Any}')}]]`;
}

const controls: Readonly<Record<string, number>> = { n: 10, t: 9, r: 13, f: 12, v: 11, a: 7, e: 27 };

const shorthands: Readonly<Record<string, string>> = {
  s: whiteSpace,
  d: upTo16('\\p{Nd}'),
  h: '[0-9A-Fa-f]',
  w: onigurumaWord,
};

/** Outside brackets, `\w` of Oniguruma also includes superscripts and fractions of Latin-1. */
const wordOutside = `[${onigurumaWord}\\u{b2}\\u{b3}\\u{b9}\\u{bc}-\\u{be}]`;

/** Read the escape at the cursor, which is on the backslash: a set or one character. */
export function readEscape(cursor: Cursor, inClass: boolean): ClassItem {
  const rest = cursor.source.slice(cursor.at);
  const named = /^\\([pP])\{([^}]*)\}/.exec(rest);
  if (named) {
    cursor.at += named[0].length;
    const word = !inClass && /^\^?word$/i.test(named[2] as string);
    if (word) {
      const negated = (named[1] === 'P') !== (named[2] as string).startsWith('^');
      return { set: negated ? `[^${wordOutside}]` : wordOutside };
    }
    return { set: property(named[2] as string, named[1] === 'P') };
  }
  const code = /^\\(?:x\{([0-9A-Fa-f]{1,8})\}|u([0-9A-Fa-f]{4})|x([0-7][0-9A-Fa-f]?))/.exec(rest);
  if (code) {
    cursor.at += code[0].length;
    const value = Number.parseInt((code[1] ?? code[2] ?? code[3]) as string, 16);
    return { set: literal(value), code: value };
  }
  return simpleEscape(cursor, inClass);
}

function simpleEscape(cursor: Cursor, inClass: boolean): ClassItem {
  const letter = String.fromCodePoint(cursor.source.codePointAt(cursor.at + 1) ?? 0);
  cursor.at += 1 + letter.length;
  const lower = letter.toLowerCase();
  const shorthand = /^[sdhw]$/i.test(letter) ? shorthands[lower] : undefined;
  if (shorthand) {
    const set = lower === 'w' && !inClass ? wordOutside : shorthand;
    return { set: letter === lower ? set : `[^${set}]` };
  }
  const control = controls[letter];
  if (control !== undefined) return { set: literal(control), code: control };
  if (letter === 'b' && inClass) return { set: literal(8), code: 8 };
  if (/^[0-9A-Za-z]$/.test(letter) || letter === '\0') {
    throw refuse(`The escape \\${letter} in a regular expression is not supported.`);
  }
  const value = letter.codePointAt(0) as number;
  return { set: literal(value), code: value };
}

/** Convert the bracket expression at the cursor, which is on `[`, to a JavaScript class. */
export function readClass(cursor: Cursor, ignoreCase: boolean): string {
  const { source } = cursor;
  cursor.at++;
  const negated = source[cursor.at] === '^';
  if (negated) cursor.at++;
  const operands: string[][] = [[]];
  let first = true;
  for (;;) {
    if (cursor.at >= source.length) throw refuse('A character class in a regular expression is not closed.');
    if (source[cursor.at] === ']' && !first) break;
    first = false;
    if (source.startsWith('&&', cursor.at)) {
      cursor.at += 2;
      operands.push([]);
      continue;
    }
    (operands.at(-1) as string[]).push(readMember(cursor, ignoreCase));
  }
  cursor.at++;
  const sets = operands.map((members) => `[${members.join('')}]`);
  const all = sets.length === 1 ? (sets[0] as string) : `[${sets.join('&&')}]`;
  const folded = ignoreCase ? closeFold(all) : all;
  return negated ? `[^${folded}]` : folded;
}

function readMember(cursor: Cursor, ignoreCase: boolean): string {
  const { source } = cursor;
  const posix = /^\[:(\^?)([a-z]+):\]/i.exec(source.slice(cursor.at, cursor.at + 16));
  if (posix) {
    cursor.at += posix[0].length;
    const [, caret, name] = posix as unknown as [string, string, string];
    // In brackets, punctuation includes symbols.
    const set = name.toLowerCase() === 'punct' ? upTo16('[\\p{P}\\p{S}]') : property(name, false);
    return caret ? `[^${set}]` : set;
  }
  if (source[cursor.at] === '[') return readClass(cursor, ignoreCase);
  const item = readCharacter(cursor);
  const isRange = source[cursor.at] === '-' && !/^-(?:\]|&&|$)/.test(source.slice(cursor.at, cursor.at + 3));
  if (!isRange || item.code === undefined) return item.set;
  cursor.at++;
  const end = readCharacter(cursor);
  if (end.code === undefined || end.code < item.code) {
    throw refuse('A range in a regular expression must run from one character to a later one.');
  }
  return `${item.set}-${end.set}`;
}

function readCharacter(cursor: Cursor): ClassItem {
  if (cursor.source[cursor.at] === '\\') return readEscape(cursor, true);
  if (cursor.source[cursor.at] === '[') throw refuse('A range in a regular expression must end with a character.');
  const code = cursor.source.codePointAt(cursor.at) as number;
  cursor.at += code > 0xffff ? 2 : 1;
  return { set: literal(code), code };
}

/** A literal character outside brackets. */
export function literalSet(code: number, ignoreCase: boolean): string {
  if (!ignoreCase) return literal(code);
  const character = String.fromCodePoint(code);
  if (code > 0x7f) return closeFold(`[${literal(code)}]`);
  // The long s and the kelvin sign fold to an ASCII letter.
  const others: Readonly<Record<string, string>> = { s: '\\u{17f}', k: '\\u{212a}' };
  const lower = character.toLowerCase();
  if (lower === character.toUpperCase()) return literal(code);
  return `[${lower}${character.toUpperCase()}${others[lower] ?? ''}]`;
}
