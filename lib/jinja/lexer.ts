import { TemplateSyntaxError } from './errors';
import { isSpace, stripRight } from './text';

/** A token of an expression or a statement. */
export interface Token {
  readonly type: 'name' | 'string' | 'integer' | 'float' | 'operator' | 'end';
  readonly value: string;
}

/** A part of a template: text, `{{ }}` or `{% %}`. */
export type Part =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'output' | 'statement'; readonly tokens: readonly Token[] };

const opening = /\{(?:%([-+]?)\s*raw\s*(?:-%\}\s*|%\})|([%{#])([-+]?))/g;
const rawEnd = /\{%([-+]?)\s*endraw\s*(?:\+%\}|-%\}\s*|%\}\n?)/g;
const rawBegin = /\{%[-+]?\s*raw\s*(-?)%\}/y;

/**
 * Split a template into its parts, with the white space rules of transformers: `trim_blocks` (the line break after a
 * block is dropped) and `lstrip_blocks` (the space before a block at the beginning of a line is dropped).
 */
export function partsOf(template: string): Part[] {
  const source = template.replace(/\r\n|\r/g, '\n').replace(/\n$/, '');
  return new Lexer(source).run();
}

class Lexer {
  readonly #source: string;
  readonly #parts: Part[] = [];
  #at = 0;
  #lineStarts = true;

  constructor(source: string) {
    this.#source = source;
  }

  run(): Part[] {
    for (;;) {
      opening.lastIndex = this.#at;
      const found = opening.exec(this.#source);
      if (!found) break;
      const text = this.#source.slice(this.#at, found.index);
      const isRaw = found[2] === undefined;
      this.#text(stripped(text, (isRaw ? found[1] : found[3]) ?? '', found[2] !== '{', this.#lineStarts));
      this.#at = found.index + found[0].length;
      if (isRaw) this.#raw(found.index);
      else if (found[2] === '#') this.#comment();
      else this.#tag(found[2] === '{' ? 'output' : 'statement');
      this.#lineStarts = this.#source[this.#at - 1] === '\n';
    }
    this.#text(this.#source.slice(this.#at));
    return this.#parts;
  }

  #text(text: string): void {
    if (text !== '') this.#parts.push({ type: 'text', text });
  }

  #skipSpace(): void {
    while (this.#at < this.#source.length && isSpace(this.#source.charAt(this.#at))) this.#at++;
  }

  #raw(begin: number): void {
    rawBegin.lastIndex = begin;
    const first = rawBegin.exec(this.#source);
    this.#at = first ? rawBegin.lastIndex : this.#at;
    if (first?.[1]) this.#skipSpace();
    rawEnd.lastIndex = this.#at;
    const end = rawEnd.exec(this.#source);
    if (!end) throw new TemplateSyntaxError('endraw is missing');
    this.#text(stripped(this.#source.slice(this.#at, end.index), end[1] ?? '', true, false));
    this.#at = rawEnd.lastIndex;
  }

  #comment(): void {
    const end = this.#source.indexOf('#}', this.#at);
    if (end < 0) throw new TemplateSyntaxError('a comment is not closed');
    const sign = end > this.#at ? this.#source[end - 1] : '';
    this.#at = end + 2;
    this.#afterBlock(sign ?? '');
  }

  #afterBlock(sign: string): void {
    if (sign === '-') this.#skipSpace();
    else if (sign !== '+' && this.#source[this.#at] === '\n') this.#at++;
  }

  #tag(type: 'output' | 'statement'): void {
    const close = type === 'output' ? '}}' : '%}';
    const tokens: Token[] = [];
    let depth = 0;
    for (;;) {
      this.#skipSpace();
      if (this.#at >= this.#source.length) throw new TemplateSyntaxError(`${close} is missing`);
      const sign = /^[-+]?/.exec(this.#source.slice(this.#at, this.#at + 1))?.[0] ?? '';
      const ends = depth === 0 && this.#source.startsWith(sign + close, this.#at);
      if (ends && !(type === 'output' && sign === '+')) {
        this.#at += sign.length + close.length;
        if (type === 'statement') this.#afterBlock(sign);
        else if (sign === '-') this.#skipSpace();
        this.#parts.push({ type, tokens });
        return;
      }
      const token = this.#token();
      if (token.type === 'operator' && '([{'.includes(token.value)) depth++;
      if (token.type === 'operator' && ')]}'.includes(token.value)) depth--;
      tokens.push(token);
    }
  }

  #token(): Token {
    const rest = this.#source.slice(this.#at, this.#at + 4096);
    const number =
      /^(?:0[bB][01_]+|0[oO][0-7_]+|0[xX][0-9a-fA-F_]+|\d[\d_]*(?:(?:\.\d[\d_]*)(?:[eE][+-]?\d+)?|[eE][+-]?\d+)?)/.exec(
        rest,
      );
    // `a.0.1` does not contain a float.
    if (number && this.#source[this.#at - 1] === '.') return this.#taken('integer', /^\d+/.exec(rest)?.[0] ?? '');
    if (number) {
      const plain = number[0].replace(/_/g, '');
      this.#at += number[0].length;
      return { type: /^0[box]/i.test(plain) || /^\d+$/.test(plain) ? 'integer' : 'float', value: plain };
    }
    const name = /^[\p{L}\p{Nl}_][\p{L}\p{Nl}\p{M}\p{Nd}\p{Pc}]*/u.exec(rest);
    if (name) return this.#taken('name', name[0]);
    if (rest[0] === '"' || rest[0] === "'") return this.#string(rest[0]);
    const operator = /^(?:\/\/|\*\*|==|!=|>=|<=|[-+/*%~[\](){}<>=.:|,])/.exec(rest);
    if (operator) return this.#taken('operator', operator[0]);
    throw new TemplateSyntaxError(`unexpected character ${JSON.stringify(rest[0])}`);
  }

  #taken(type: Token['type'], value: string): Token {
    this.#at += value.length;
    return { type, value };
  }

  #string(quote: string): Token {
    let end = this.#at + 1;
    while (end < this.#source.length && this.#source[end] !== quote) end += this.#source[end] === '\\' ? 2 : 1;
    if (end >= this.#source.length) throw new TemplateSyntaxError('a string is not closed');
    const body = this.#source.slice(this.#at + 1, end);
    this.#at = end + 1;
    return { type: 'string', value: unescaped(body) };
  }
}

/** Strip the text before a tag as its sign, or a tag at the start of a line, requires. */
function stripped(text: string, sign: string, isBlock: boolean, lineStarts: boolean): string {
  if (sign === '-') return stripRight(text);
  if (sign === '+' || !isBlock) return text;
  const line = text.lastIndexOf('\n') + 1;
  const isIndent = (line > 0 || lineStarts) && [...text.slice(line)].every(isSpace);
  return isIndent ? text.slice(0, line) : text;
}

const letters: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  a: '\x07',
  b: '\b',
  f: '\f',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
  '\n': '',
};

/** Resolve the escapes of Python strings. Unknown escapes are unchanged. */
const unescaped = (body: string): string =>
  body.replace(
    /\\(?:([0-7]{1,3})|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([\s\S]))/g,
    (whole, octal, two, four, eight, letter) => {
      if (octal) return String.fromCodePoint(Number.parseInt(octal, 8));
      const hex = two ?? four ?? eight;
      if (hex) return String.fromCodePoint(Number.parseInt(hex, 16));
      return Object.hasOwn(letters, letter) ? (letters[letter] as string) : whole;
    },
  );
