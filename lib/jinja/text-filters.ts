import type { Bound } from './arguments';
import { TemplateError } from './errors';
import { percentFormat } from './format';
import { dumps } from './json';
import { lineBreaks, replace } from './methods';
import type { Scope } from './runtime';
import { capitalize, str, strip } from './text';
import { isDict, isList, items, length, Tuple, type Value } from './values';

export type TextFilter = readonly [readonly string[], (value: Value, args: Bound, scope: Scope) => Value];

const points = (text: string): string[] => [...text];

/** `tojson` as defined by transformers: json.dumps without HTML escapes. */
function tojson(value: Value, args: Bound): string {
  const given = args.value('indent', null);
  const indent =
    given === null ? null : typeof given === 'string' ? given : ' '.repeat(Math.max(0, args.integer('indent')));
  const separators = args.value('separators', null);
  const pair = separators === null ? [indent === null ? ', ' : ',', ': '] : items(separators).map(str);
  if (pair.length !== 2) throw new TemplateError('separators must be two strings');
  return dumps(value, {
    ensureAscii: args.flag('ensure_ascii', false),
    indent,
    separators: pair as [string, string],
    sortKeys: args.flag('sort_keys', false),
  });
}

function indented(value: Value, args: Bound): string {
  const width = args.value('width', 4);
  const space = typeof width === 'string' ? width : ' '.repeat(Math.max(0, args.integer('width', 4)));
  const text = `${str(value)}\n`;
  const parts = text.split(new RegExp(lineBreaks.source, 'g'));
  // The line break at the end makes the last part empty.
  parts.pop();
  const blank = args.flag('blank', false);
  const [first = '', ...rest] = parts;
  const out = blank
    ? parts.join(`\n${space}`)
    : [first, ...rest.map((line) => (line === '' ? line : space + line))].join('\n');
  return args.flag('first', false) ? space + out : out;
}

function truncated(value: Value, args: Bound): string {
  const text = str(value);
  const most = args.integer('length', 255);
  const end = args.text('end', '...');
  const letters = points(text);
  if (letters.length <= most + (args.value('leeway', null) === null ? 5 : args.integer('leeway'))) return text;
  const kept = letters.slice(0, Math.max(0, most - length(end))).join('');
  if (args.flag('killwords', false)) return kept + end;
  const space = kept.lastIndexOf(' ');
  return (space < 0 ? kept : kept.slice(0, space)) + end;
}

function wrapped(value: Value, args: Bound): string {
  const width = args.integer('width', 79);
  const breaks = args.flag('break_long_words', true);
  const hyphens = args.flag('break_on_hyphens', true);
  const separator = args.textOrNull('wrapstring') ?? '\n';
  const lines = str(value).split(new RegExp(lineBreaks.source, 'g'));
  if (lines.at(-1) === '' && lines.length > 1) lines.pop();
  return lines.map((line) => wrapLine(line, width, breaks, hyphens).join(separator)).join(separator);
}

function wrapLine(line: string, width: number, breaks: boolean, hyphens: boolean): string[] {
  const chunks =
    line.match(hyphens ? /\s+|[^\s-]*[^\s-]-+(?=\w)|\S+?(?=\s|$|(?<=\w)-(?=\w))|\S+/gu : /\s+|\S+/gu) ?? [];
  const out: string[] = [];
  let current = '';
  for (const chunk of chunks) {
    let rest = chunk;
    if (length(current + rest) > width && current.trim() !== '') {
      out.push(current.trimEnd());
      current = '';
      if (rest.trim() === '') continue;
    }
    while (breaks && length(rest) > width) {
      out.push(points(rest).slice(0, width).join(''));
      rest = points(rest).slice(width).join('');
    }
    current += rest;
  }
  if (current.trim() !== '') out.push(current.trimEnd());
  return out;
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  "'": '&#39;',
  '"': '&#34;',
};
const escaped = (value: Value): string => str(value).replace(/[&<>'"]/g, (character) => entities[character] as string);

function urlencode(value: Value): string {
  const quoted = (part: Value) =>
    encodeURIComponent(str(part)).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
  if (!isDict(value) && !isList(value)) return quoted(value).replaceAll('%2F', '/');
  const pairs = isDict(value) ? [...value] : items(value).map((pair) => items(pair) as [Value, Value]);
  return pairs
    .map(([key, item]) => `${quoted(key)}=${quoted(item)}`)
    .join('&')
    .replaceAll('%20', '+');
}

/**
 * Capitalise letters after white space, hyphens and brackets, and lower-case the rest. This differs from Python's
 * `str.title`.
 */
const titled = (text: string): string =>
  text
    .split(/([-\s({[<]+)/u)
    .map((part) => (part === '' ? part : points(part)[0]?.toUpperCase() + points(part).slice(1).join('').toLowerCase()))
    .join('');

function centred(text: string, width: number): string {
  const room = Math.max(0, width - length(text));
  const left = Math.floor(room / 2) + (room & width & 1);
  return ' '.repeat(left) + text + ' '.repeat(room - left);
}

export const textFilters: Readonly<Record<string, TextFilter>> = {
  capitalize: [[], (value) => capitalize(str(value))],
  center: [['width'], (value, args) => centred(str(value), Math.min(2 ** 20, args.integer('width', 80)))],
  e: [[], escaped],
  escape: [[], escaped],
  forceescape: [[], escaped],
  format: [
    ['1', '2', '3', '4', '5', '6', '7', '8', '9'],
    (value, args) => percentFormat(str(value), formatArguments(args)),
  ],
  indent: [['width', 'first', 'blank'], indented],
  lower: [[], (value) => str(value).toLowerCase()],
  replace: [
    ['old', 'new', 'count'],
    (value, args) => replace(str(value), args.text('old'), args.text('new'), args.integerOrNull('count') ?? -1),
  ],
  string: [[], str],
  title: [[], (value) => titled(str(value))],
  tojson: [['ensure_ascii', 'indent', 'separators', 'sort_keys'], tojson],
  trim: [['chars'], (value, args) => strip(str(value), args.textOrNull('chars'), true, true)],
  truncate: [['length', 'killwords', 'end', 'leeway'], truncated],
  upper: [[], (value) => str(value).toUpperCase()],
  urlencode: [[], urlencode],
  wordcount: [[], (value) => (str(value).match(/[\p{L}\p{N}_]+/gu) ?? []).length],
  wordwrap: [['width', 'break_long_words', 'wrapstring', 'break_on_hyphens'], wrapped],
};

function formatArguments(args: Bound): Value {
  const list: Value[] = [];
  for (let i = 1; i <= 9 && args.has(String(i)); i++) list.push(args.value(String(i)));
  return new Tuple(list);
}
