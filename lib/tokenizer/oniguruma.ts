import { type Cursor, literalSet, readClass, readEscape } from './oniguruma-class';
import { refuse } from './refuse';

/**
 * Convert a regular expression of tokenizer.json, which Oniguruma runs with Ruby's syntax, to an equivalent one of
 * JavaScript.
 *
 * `^` and `$` match at line ends, white space is that of Unicode, `(?i:)` folds beyond ASCII, `{n}+` repeats and is not
 * possessive, and properties are those of Unicode 16.
 *
 * @throws CircuitTracerError `ERR_TOKENIZER` for a construct that JavaScript cannot express, which the message names.
 */
export function compileOniguruma(source: string): RegExp {
  try {
    return new RegExp(new Translation(source).whole(), 'gv');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw refuse(`The regular expression ${JSON.stringify(source)} cannot be used: ${reason}`, cause);
  }
}

interface Options {
  readonly ignoreCase: boolean;
  readonly dotAll: boolean;
}

const anyCharacter = '[\\s\\S]';
const lineStart = '(?<![^\\n])';
const lineEnd = '(?![^\\n])';
/** Letter sequences that also match a single character when case is ignored: ß for ss, a ligature for st. */
const multipleFold = /s[st]|f[filst]|[hjtwy][\u0300-\u036f]|\u02bcn|[\u00df\ufb00-\ufb06\u0130\u0149\u1e96-\u1e9e]/i;
const deepest = 200;

class Translation {
  readonly #cursor: Cursor;
  #atomics = 0;
  #depth = 0;

  constructor(source: string) {
    this.#cursor = { source, at: 0 };
  }

  whole(): string {
    const out = this.#alternatives({ ignoreCase: false, dotAll: false });
    if (this.#peek() === ')') throw refuse('unmatched closing parenthesis.');
    return out;
  }

  #peek(length = 1): string {
    return this.#cursor.source.slice(this.#cursor.at, this.#cursor.at + length);
  }

  #take(text: string): boolean {
    if (!this.#cursor.source.startsWith(text, this.#cursor.at)) return false;
    this.#cursor.at += text.length;
    return true;
  }

  #alternatives(options: Options): string {
    if (++this.#depth > deepest) throw refuse(`groups are nested more than ${deepest} deep.`);
    const branches = [this.#branch(options)];
    while (this.#take('|')) branches.push(this.#branch(options));
    this.#depth--;
    return branches.join('|');
  }

  #branch(options: Options): string {
    const { source } = this.#cursor;
    let out = '';
    let letters = '';
    while (this.#cursor.at < source.length && this.#peek() !== '|' && this.#peek() !== ')') {
      const rest = /^\(\?([imx]*)(?:-([imx]*))?\)/.exec(this.#peek(12));
      if (rest) {
        this.#cursor.at += rest[0].length;
        return `${out}(?:${this.#alternatives(changed(options, rest[1] ?? '', rest[2] ?? ''))})`;
      }
      const begin = this.#cursor.at;
      const atom = this.#atom(options);
      letters += source.slice(begin, this.#cursor.at);
      out += this.#quantified(atom);
      if (options.ignoreCase && multipleFold.test(letters.replace(/\[[^\]]*\]/g, ''))) {
        throw refuse(`(?i:${letters}) contains characters that fold to several, which is not supported.`);
      }
    }
    return out;
  }

  #atom(options: Options): string {
    const character = this.#peek();
    if (character === '(') return this.#group(options);
    if (character === '[') return readClass(this.#cursor, options.ignoreCase);
    if (character === '\\') return this.#escape(options);
    if (this.#take('^')) return lineStart;
    if (this.#take('$')) return lineEnd;
    if (this.#take('.')) return options.dotAll ? anyCharacter : '[^\\n]';
    if (/^[*+?]$/.test(character)) throw refuse(`${character} has nothing to repeat.`);
    const code = this.#cursor.source.codePointAt(this.#cursor.at) as number;
    this.#cursor.at += code > 0xffff ? 2 : 1;
    return literalSet(code, options.ignoreCase);
  }

  #escape(options: Options): string {
    if (this.#take('\\A')) return '(?<![\\s\\S])';
    if (this.#take('\\z')) return '(?![\\s\\S])';
    if (this.#take('\\Z')) return '(?=\\n?(?![\\s\\S]))';
    if (this.#take('\\R')) return '(?:\\r\\n|[\\n\\v\\f\\r\\u{85}\\u{2028}\\u{2029}])';
    if (this.#take('\\N')) return '[^\\n]';
    if (this.#take('\\O')) return anyCharacter;
    const boundary = /^\\[bB]/.exec(this.#peek(2));
    if (boundary) {
      this.#cursor.at += 2;
      return wordBoundary(boundary[0] === '\\b');
    }
    const { set, code } = readEscape(this.#cursor, false);
    return code === undefined ? set : literalSet(code, options.ignoreCase);
  }

  #group(options: Options): string {
    const opening = /^\((?:\?(?:([imx]*)(?:-([imx]*))?:|(=|!|<=|<!|>)|<[A-Za-z_]\w*>|(#)|(.)))?/.exec(
      this.#peek(80),
    ) as string[] & RegExpExecArray;
    this.#cursor.at += opening[0].length;
    if (opening[4]) {
      const end = this.#cursor.source.indexOf(')', this.#cursor.at);
      this.#cursor.at = end < 0 ? this.#cursor.source.length : end + 1;
      return '';
    }
    if (opening[5]) throw refuse(`the group (?${opening[5]} is not supported.`);
    const inner = this.#alternatives(changed(options, opening[1] ?? '', opening[2] ?? ''));
    if (!this.#take(')')) throw refuse('a group is not closed.');
    if (opening[3] === '>') return this.#atomic(inner);
    // Captures are never used.
    return opening[3] ? `(?${opening[3]}${inner})` : `(?:${inner})`;
  }

  /** An atomic group: a lookahead cannot be re-entered, and a back reference consumes its capture. */
  #atomic(inner: string): string {
    const name = `atomic${this.#atomics++}`;
    return `(?:(?=(?<${name}>${inner}))\\k<${name}>)`;
  }

  #quantified(atom: string): string {
    let out = atom;
    for (;;) {
      const interval = /^\{(\d*)(?:(,)(\d*))?\}/.exec(this.#peek(16));
      const counted = interval && (interval[1] || interval[3]);
      if (!counted && !/^[*+?]/.test(this.#peek())) return out;
      if (out === '') throw refuse('a quantifier has nothing to repeat.');
      out = counted ? this.#interval(out, interval) : this.#repeated(out);
    }
  }

  #repeated(atom: string): string {
    const sign = this.#peek();
    this.#cursor.at++;
    if (this.#take('+')) return this.#atomic(`(?:${atom})${sign}`);
    if (this.#take('?')) return `(?:(?:${atom})${sign}?)`;
    return `(?:${atom})${sign}`;
  }

  #interval(atom: string, [whole, from, comma, to]: RegExpExecArray): string {
    this.#cursor.at += (whole as string).length;
    if (!comma) {
      const exact = `(?:${atom}){${from}}`;
      // {n}? is "n times or none" in Ruby's syntax, not the lazy form.
      return this.#take('?') ? `(?:${exact})?` : exact;
    }
    const [least, most] = [Number(from || 0), to ? Number(to) : Infinity];
    if (least > most) throw refuse(`the interval ${whole} ends before it begins.`);
    const body = `{${least},${to ?? ''}}`;
    return `(?:${atom})${body}${this.#take('?') ? '?' : ''}`;
  }
}

function changed(options: Options, on: string, off: string): Options {
  if (on.includes('x')) throw refuse('the option x (free spacing) is not supported.');
  return {
    ignoreCase: (options.ignoreCase || on.includes('i')) && !off.includes('i'),
    dotAll: (options.dotAll || on.includes('m')) && !off.includes('m'),
  };
}

function wordBoundary(at: boolean): string {
  const word = readEscape({ source: '\\w', at: 0 }, false).set;
  const [before, after] = [`(?<=${word})`, `(?=${word})`];
  const [noneBefore, noneAfter] = [`(?<!${word})`, `(?!${word})`];
  return at ? `(?:${noneBefore}${after}|${before}${noneAfter})` : `(?:${noneBefore}${noneAfter}|${before}${after})`;
}
