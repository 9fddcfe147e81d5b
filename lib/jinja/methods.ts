import { Bound } from './arguments';
import { TemplateError, UnsupportedError } from './errors';
import { bracesFormat } from './format';
import { capitalize, isSpace, spaces, strip, stripLeft, title } from './text';
import {
  type Arguments,
  Callable,
  equal,
  isDict,
  items,
  keyOf,
  length,
  Tuple,
  typeName,
  type Value,
  View,
} from './values';

type Method<T> = (self: T, args: Bound) => Value;
/** The parameters and the implementation of a method. */
type Methods<T> = Readonly<Record<string, readonly [readonly string[], Method<T>]>>;

const points = (plain: string): string[] => [...plain];
/** Convert an index in UTF-16 units to one in characters. */
const characterIndex = (plain: string, at: number): number => (at < 0 ? -1 : length(plain.slice(0, at)));
const every = (plain: string, set: RegExp): boolean =>
  plain !== '' && points(plain).every((letter) => set.test(letter));

const stripping =
  (left: boolean, right: boolean): Method<string> =>
  (self, args) =>
    strip(self, args.textOrNull('chars'), left, right);

function prefixes(args: Bound): readonly string[] {
  const given = args.value('prefix');
  const all = given instanceof Tuple ? given.items : [given];
  for (const one of all) {
    if (typeof one !== 'string')
      throw new TemplateError(`${args.callee}() takes str or a tuple of str, not ${typeName(one)}`);
  }
  return all as readonly string[];
}

function search(self: string, args: Bound, find: (part: string, sub: string) => number): number {
  const letters = points(self);
  const [start, end] = [args.integerOrNull('start') ?? 0, args.integerOrNull('end') ?? letters.length];
  const from = start < 0 ? Math.max(0, letters.length + start) : start;
  const part = letters.slice(from, end < 0 ? letters.length + end : end).join('');
  const at = find(part, args.text('sub'));
  return at < 0 ? -1 : from + characterIndex(part, at);
}

function required(at: number): number {
  if (at < 0) throw new TemplateError('substring not found');
  return at;
}

function split(self: string, separator: string | null, most: number): string[] {
  if (separator === '') throw new TemplateError('empty separator');
  if (separator !== null) {
    const parts = self.split(separator);
    return most < 0 || parts.length <= most + 1 ? parts : [...parts.slice(0, most), parts.slice(most).join(separator)];
  }
  const out: string[] = [];
  let rest = stripLeft(self);
  while (rest !== '') {
    if (out.length === most) return [...out, rest];
    const end = rest.search(spaces);
    out.push(end < 0 ? rest : rest.slice(0, end));
    rest = end < 0 ? '' : stripLeft(rest.slice(end));
  }
  return out;
}

function splitRight(self: string, separator: string | null, most: number): string[] {
  if (most < 0) return split(self, separator, most);
  // The rest keeps white space only at its far end.
  const backwards = (plain: string) => points(plain).reverse().join('');
  const parts = split(backwards(self), separator === null ? null : backwards(separator), most);
  return parts.map(backwards).reverse();
}

/** `replace(old, new, count)`. An empty `old` matches between all characters. */
export function replace(self: string, from: string, to: string, count: number): string {
  if (count < 0) return from === '' ? between(self, to, Infinity) : self.replaceAll(from, () => to);
  if (from === '') return between(self, to, count);
  const parts = self.split(from);
  if (parts.length <= count + 1) return parts.join(to);
  return (
    parts
      .slice(0, count)
      .map((part) => part + to)
      .join('') + parts.slice(count).join(from)
  );
}

function between(self: string, to: string, count: number): string {
  const letters = points(self);
  return [...letters.map((letter, i) => (i < count ? to + letter : letter)), letters.length < count ? to : ''].join('');
}

function partition(self: string, separator: string, at: number, right: boolean): Tuple {
  if (at < 0) return new Tuple(right ? ['', '', self] : [self, '', '']);
  return new Tuple([self.slice(0, at), separator, self.slice(at + separator.length)]);
}

function padded(self: string, width: number, fill: string, side: 'left' | 'right' | 'both'): string {
  const room = Math.max(0, width - length(self));
  if (room > 2 ** 20) throw new TemplateError(`a width of ${width} is not supported`);
  if (side === 'left') return fill.repeat(room) + self;
  if (side === 'right') return self + fill.repeat(room);
  // Python puts the extra character on the left if the width is odd.
  const left = Math.floor(room / 2) + (room & width & 1);
  return fill.repeat(left) + self + fill.repeat(room - left);
}

const cased = /[\p{Lowercase}\p{Uppercase}\p{Lt}]/u;
const isUpper = (self: string): boolean => cased.test(self) && !/[\p{Lowercase}\p{Lt}]/u.test(self);
const isLower = (self: string): boolean => cased.test(self) && !/[\p{Uppercase}\p{Lt}]/u.test(self);

/** The line breaks of Python's `splitlines`, including the ASCII separators. */
export const lineBreaks = new RegExp(`\\r\\n|[${'\\n\\r\\v\\f\\x1c-\\x1e\\x85\\u2028\\u2029'}]`);

function lines(self: string, keep: boolean): string[] {
  const parts = self.split(new RegExp(`(${lineBreaks.source})`));
  const out: string[] = [];
  for (let i = 0; i < parts.length; i += 2) {
    if (i + 1 < parts.length) out.push((parts[i] as string) + (keep ? parts[i + 1] : ''));
    else if (parts[i] !== '') out.push(parts[i] as string);
  }
  return out;
}

const window = ['sub', 'start', 'end'];
const edges = ['prefix', 'start', 'end'];

function within(self: string, args: Bound): string {
  if (!args.has('start')) return self;
  return points(self)
    .slice(args.integerOrNull('start') ?? 0, args.integerOrNull('end') ?? undefined)
    .join('');
}

const filled = ['width', 'fillchar'];

const ofText: Methods<string> = {
  upper: [[], (self) => self.toUpperCase()],
  lower: [[], (self) => self.toLowerCase()],
  casefold: [[], (self) => self.toUpperCase().toLowerCase()],
  title: [[], title],
  capitalize: [[], capitalize],
  swapcase: [
    [],
    (self) =>
      points(self)
        .map((c) => (isUpper(c) ? c.toLowerCase() : c.toUpperCase()))
        .join(''),
  ],
  strip: [['chars'], stripping(true, true)],
  lstrip: [['chars'], stripping(true, false)],
  rstrip: [['chars'], stripping(false, true)],
  split: [['sep', 'maxsplit'], (self, args) => split(self, args.textOrNull('sep'), args.integer('maxsplit', -1))],
  rsplit: [['sep', 'maxsplit'], (self, args) => splitRight(self, args.textOrNull('sep'), args.integer('maxsplit', -1))],
  splitlines: [['keepends'], (self, args) => lines(self, args.flag('keepends', false))],
  partition: [['sep'], (self, args) => partition(self, args.text('sep'), self.indexOf(args.text('sep')), false)],
  rpartition: [['sep'], (self, args) => partition(self, args.text('sep'), self.lastIndexOf(args.text('sep')), true)],
  replace: [
    ['old', 'new', 'count'],
    (self, args) => replace(self, args.text('old'), args.text('new'), args.integer('count', -1)),
  ],
  startswith: [edges, (self, args) => prefixes(args).some((prefix) => within(self, args).startsWith(prefix))],
  endswith: [edges, (self, args) => prefixes(args).some((suffix) => within(self, args).endsWith(suffix))],
  removeprefix: [
    ['prefix'],
    (self, args) => (self.startsWith(args.text('prefix')) ? self.slice(args.text('prefix').length) : self),
  ],
  removesuffix: [
    ['suffix'],
    (self, args) =>
      args.text('suffix') && self.endsWith(args.text('suffix')) ? self.slice(0, -args.text('suffix').length) : self,
  ],
  find: [window, (self, args) => search(self, args, (part, sub) => part.indexOf(sub))],
  rfind: [window, (self, args) => search(self, args, (part, sub) => part.lastIndexOf(sub))],
  index: [window, (self, args) => required(search(self, args, (part, sub) => part.indexOf(sub)))],
  rindex: [window, (self, args) => required(search(self, args, (part, sub) => part.lastIndexOf(sub)))],
  count: [
    ['sub'],
    (self, args) => (args.text('sub') === '' ? length(self) + 1 : self.split(args.text('sub')).length - 1),
  ],
  join: [['iterable'], (self, args) => joined(self, items(args.value('iterable')))],
  center: [filled, (self, args) => padded(self, args.integer('width'), args.text('fillchar', ' '), 'both')],
  ljust: [filled, (self, args) => padded(self, args.integer('width'), args.text('fillchar', ' '), 'right')],
  rjust: [filled, (self, args) => padded(self, args.integer('width'), args.text('fillchar', ' '), 'left')],
  zfill: [
    ['width'],
    (self, args) => {
      const sign = /^[-+]/.exec(self)?.[0] ?? '';
      return sign + padded(self.slice(sign.length), args.integer('width') - sign.length, '0', 'left');
    },
  ],
  isupper: [[], isUpper],
  islower: [[], isLower],
  istitle: [[], (self) => cased.test(self) && title(self) === self],
  isspace: [[], (self) => self !== '' && points(self).every(isSpace)],
  isalpha: [[], (self) => every(self, /\p{L}/u)],
  isalnum: [[], (self) => every(self, /[\p{L}\p{N}]/u)],
  isdecimal: [[], (self) => every(self, /\p{Nd}/u)],
  isdigit: [
    [],
    (self) =>
      every(self, /[\p{Nd}\u00b2\u00b3\u00b9\u2070\u2074-\u2079\u2080-\u2089\u2460-\u2468\u2474-\u247c\u2488-\u2490]/u),
  ],
  isnumeric: [[], (self) => every(self, /\p{N}/u)],
  isascii: [[], (self) => /^[\0-\x7f]*$/.test(self)],
};

export function joined(separator: string, parts: readonly Value[]): string {
  for (const [i, part] of parts.entries()) {
    if (typeof part !== 'string')
      throw new TemplateError(`sequence item ${i}: expected str instance, ${typeName(part)} found`);
  }
  return parts.join(separator);
}

const ofSequence: Methods<Value> = {
  index: [
    ['value'],
    (self, args) => {
      const found = items(self).findIndex((item) => equal(item, args.value('value')));
      return found >= 0 ? found : required(found);
    },
  ],
  count: [['value'], (self, args) => items(self).filter((item) => equal(item, args.value('value'))).length],
};

const ofDict: Methods<ReadonlyMap<never, Value>> = {
  get: [['key', 'default'], (self, args) => self.get(keyOf(args.value('key')) as never) ?? args.value('default', null)],
  items: [
    [],
    (self) =>
      new View(
        [...self].map(([key, value]) => new Tuple([key, value])),
        'dict_items',
      ),
  ],
  keys: [[], (self) => new View([...self.keys()], 'dict_keys')],
  values: [[], (self) => new View([...self.values()], 'dict_values')],
  copy: [[], (self) => self],
};

/** The methods that modify their object, which the sandbox of transformers also rejects. */
const changing: Readonly<Record<string, readonly string[]>> = {
  list: ['append', 'extend', 'insert', 'pop', 'remove', 'clear', 'sort', 'reverse'],
  dict: ['pop', 'popitem', 'update', 'setdefault', 'clear'],
};
const unsupported: Readonly<Record<string, readonly string[]>> = {
  str: ['encode', 'translate', 'maketrans', 'expandtabs', 'isidentifier', 'isprintable'],
  list: ['copy'],
  dict: ['fromkeys'],
  int: ['bit_length', 'bit_count', 'to_bytes', 'is_integer', 'conjugate', 'real', 'imag', 'numerator', 'denominator'],
  float: ['is_integer', 'hex', 'as_integer_ratio', 'conjugate', 'real', 'imag'],
};

/** A method of text, a list, a tuple or a dict; undefined when it does not exist. */
export function methodOf(value: Value, name: string): Value | undefined {
  const type = typeName(value);
  if (typeof value === 'string' && (name === 'format' || name === 'format_map')) return formatMethod(value, name);
  const tables = { str: ofText, list: ofSequence, tuple: ofSequence, dict: ofDict } as unknown as Record<
    string,
    Methods<Value>
  >;
  const table = tables[type];
  if (table && Object.hasOwn(table, name)) {
    const [parameters, method] = table[name] as Methods<Value>[string];
    return new Callable(name, (args) => method(value, new Bound(name, args, parameters)));
  }
  if (changing[type]?.includes(name)) {
    return new Callable(name, () => {
      throw new TemplateError(`the template sandbox does not allow the method ${name} of ${type}`);
    });
  }
  if (unsupported[type]?.includes(name)) throw new UnsupportedError(`the method ${name} of ${type}`);
  return undefined;
}

function formatMethod(self: string, name: string): Callable {
  return new Callable(name, (args: Arguments) => {
    if (name === 'format') return bracesFormat(self, args);
    const mapping = new Bound(name, args, ['mapping']).value('mapping');
    if (!isDict(mapping)) throw new TemplateError('format_map() takes a dict');
    return bracesFormat(self, { positional: [], named: mapping as ReadonlyMap<string, Value> });
  });
}
