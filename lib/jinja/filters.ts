import { Bound } from './arguments';
import { TemplateError, UnsupportedError } from './errors';
import * as lists from './list-filters';
import { attribute, item } from './operators';
import type { Scope } from './runtime';
import { knowFilters, testOf } from './tests';
import { type TextFilter, textFilters } from './text-filters';
import {
  type Arguments,
  Float,
  isDict,
  isNumber,
  items,
  length,
  numberOf,
  Tuple,
  truth,
  typeName,
  Undefined,
  type Value,
} from './values';

export type Filter = (value: Value, args: Arguments, scope: Scope) => Value;

/** Define a filter with named parameters. */
const filter =
  (name: string, parameters: readonly string[], run: (value: Value, args: Bound, scope: Scope) => Value): Filter =>
  (value, args, scope) =>
    run(value, new Bound(name, args, parameters), scope);

/** A getter for `attr` or `attr.inner.0` of each item. */
export function attributeGetter(path: Value, fallback?: Value): (value: Value) => Value {
  const steps =
    typeof path === 'string' ? path.split('.').map((part) => (/^\d+$/.test(part) ? Number(part) : part)) : [path];
  return (value) => {
    let found = value;
    for (const step of steps) {
      found = item(found, step);
      if (found instanceof Undefined && fallback !== undefined) return fallback;
    }
    return found;
  };
}

/** select, reject and their attribute variants: by a test of the item or of an attribute; without a test, by truth. */
function selecting(keep: boolean, byAttribute: boolean): Filter {
  return (value, { positional, named }, scope) => {
    const get = byAttribute ? attributeGetter(positional[0] ?? null) : (each: Value) => each;
    const [name, ...rest] = positional.slice(byAttribute ? 1 : 0);
    const test = name === undefined ? (each: Value) => truth(each) : testOf(String(name));
    return items(value).filter((each) => {
      scope.budget.spend();
      return test(get(each), { positional: rest, named }, scope) === keep;
    });
  };
}

const mapping: Filter = (value, { positional, named }, scope) => {
  scope.budget.spend(items(value).length);
  const path = named.get('attribute');
  if (path !== undefined) return items(value).map(attributeGetter(path, named.get('default')));
  const [name, ...rest] = positional;
  if (typeof name !== 'string') throw new TemplateError('map requires a filter argument');
  const each = filterOf(name);
  return items(value).map((one) => each(one, { positional: rest, named }, scope));
};

function rounded(value: Value, args: Bound): Value {
  if (!isNumber(value)) throw new TemplateError(`round needs a number, not ${typeName(value)}`);
  const precision = args.integer('precision', 0);
  const method = args.text('method', 'common');
  if (!['common', 'ceil', 'floor'].includes(method)) throw new TemplateError('method must be common, ceil or floor');
  const number = numberOf(value);
  if (method !== 'common') {
    const scale = 10 ** precision;
    return new Float((method === 'ceil' ? Math.ceil : Math.floor)(number * scale) / scale);
  }
  // An integer stays an integer, as in Python's round.
  const result = lists.roundHalfEven(number, precision);
  return value instanceof Float ? new Float(result) : result;
}

function absolute(value: Value): Value {
  if (value instanceof Undefined) value.fail();
  if (!isNumber(value)) throw new TemplateError(`bad operand type for abs(): '${typeName(value)}'`);
  return value instanceof Float ? new Float(Math.abs(value.value)) : Math.abs(numberOf(value));
}

function toInteger(value: Value, args: Bound): Value {
  const fallback = args.value('default', 0);
  if (isNumber(value)) return Number.isFinite(numberOf(value)) ? Math.trunc(numberOf(value)) : fallback;
  const text = typeof value === 'string' ? value.trim().replace(/_/g, '') : '';
  const base = args.integer('base', 10);
  if (base === 10 && /^[-+]?\d+$/.test(text)) return Number(text);
  if (base !== 10 && text !== '' && !Number.isNaN(Number.parseInt(text, base))) return Number.parseInt(text, base);
  return /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(text) ? Math.trunc(Number(text)) : fallback;
}

function toFloat(value: Value, args: Bound): Value {
  if (isNumber(value)) return new Float(numberOf(value));
  const text = typeof value === 'string' ? value.trim().replace(/_/g, '') : '';
  const isDecimal = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(text);
  return isDecimal ? new Float(Number(text)) : args.value('default', new Float(0));
}

function defaulting(value: Value, args: Bound): Value {
  const replaces = value instanceof Undefined || (args.flag('boolean', false) && !truth(value));
  return replaces ? args.value('default_value', '') : value;
}

function itemPairs(value: Value): Value {
  if (value instanceof Undefined) return [];
  if (!isDict(value)) throw new TemplateError('Can only get item pairs from a mapping.');
  return [...value].map(([key, each]) => new Tuple([key, each]));
}

const ofText = (name: string, [parameters, run]: TextFilter): Filter =>
  filter(name, parameters, (value, args, scope) => run(value, args, scope));

const filters: Record<string, Filter> = {
  abs: filter('abs', [], absolute),
  attr: filter('attr', ['name'], (value, args) =>
    isDict(value) ? new Undefined(`no attribute`) : attribute(value, args.text('name')),
  ),
  batch: filter('batch', ['linecount', 'fill_with'], lists.batch),
  count: filter('count', [], length),
  d: filter('d', ['default_value', 'boolean'], defaulting),
  default: filter('default', ['default_value', 'boolean'], defaulting),
  dictsort: filter('dictsort', ['case_sensitive', 'by', 'reverse'], lists.dictsort),
  first: filter('first', [], (value) => items(value)[0] ?? new Undefined('No first item, sequence was empty.')),
  float: filter('float', ['default'], toFloat),
  groupby: filter('groupby', ['attribute', 'default', 'case_sensitive'], (value, args) =>
    lists.groupby(
      value,
      args,
      attributeGetter(args.value('attribute'), args.has('default') ? args.value('default') : undefined),
    ),
  ),
  int: filter('int', ['default', 'base'], toInteger),
  items: filter('items', [], itemPairs),
  join: filter('join', ['d', 'attribute'], (value, args, scope) => {
    const get = args.has('attribute') ? attributeGetter(args.value('attribute')) : (each: Value) => each;
    return lists.join(items(value).map(get), args.value('d', ''), scope.budget);
  }),
  last: filter('last', [], (value) => items(value).at(-1) ?? new Undefined('No last item, sequence was empty.')),
  length: filter('length', [], length),
  list: filter('list', [], (value) => [...items(value)]),
  map: mapping,
  max: filter('max', ['case_sensitive', 'attribute'], (value, args) => lists.extreme(value, args, attributeGetter, 1)),
  min: filter('min', ['case_sensitive', 'attribute'], (value, args) => lists.extreme(value, args, attributeGetter, -1)),
  reject: selecting(false, false),
  rejectattr: selecting(false, true),
  reverse: filter('reverse', [], (value) =>
    typeof value === 'string' ? [...value].reverse().join('') : [...items(value)].reverse(),
  ),
  round: filter('round', ['precision', 'method'], rounded),
  safe: filter('safe', [], (value) => value),
  select: selecting(true, false),
  selectattr: selecting(true, true),
  slice: filter('slice', ['slices', 'fill_with'], lists.slices),
  sort: filter('sort', ['reverse', 'case_sensitive', 'attribute'], (value, args) =>
    lists.sort(value, args, attributeGetter),
  ),
  sum: filter('sum', ['attribute', 'start'], (value, args, scope) =>
    lists.sum(
      items(value).map(
        args.value('attribute', null) === null ? (each) => each : attributeGetter(args.value('attribute')),
      ),
      args,
      scope.budget,
    ),
  ),
  unique: filter('unique', ['case_sensitive', 'attribute'], (value, args) =>
    lists.unique(value, args, attributeGetter),
  ),
  ...Object.fromEntries(Object.entries(textFilters).map(([name, definition]) => [name, ofText(name, definition)])),
};

/** Jinja filters that no chat template needs. */
const unsupported = ['filesizeformat', 'pprint', 'random', 'striptags', 'urlize', 'xmlattr'];

/** @throws UnsupportedError for an unknown filter. */
export function filterOf(name: string): Filter {
  if (Object.hasOwn(filters, name)) return filters[name] as Filter;
  throw new UnsupportedError(`the filter '${name}'`);
}

knowFilters((name) => Object.hasOwn(filters, name) || unsupported.includes(name));
