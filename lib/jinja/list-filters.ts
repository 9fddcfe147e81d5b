import type { Bound } from './arguments';
import type { Budget } from './budget';
import { TemplateError } from './errors';
import { binary } from './operators';
import { str } from './text';
import { compare, equal, isDict, items, Tuple, Undefined, type Value } from './values';

type Getter = (path: Value) => (value: Value) => Value;

/** The key that items are compared by: lower case unless `case_sensitive` is set. */
function sortKey(args: Bound, getter: Getter): (value: Value) => Value {
  const sensitive = args.flag('case_sensitive', false);
  const path = args.value('attribute', null);
  const paths = typeof path === 'string' ? path.split(',').map((one) => one.trim()) : [path];
  const gets = path === null ? [(value: Value) => value] : paths.map(getter);
  const fold = (value: Value) => (typeof value === 'string' && !sensitive ? value.toLowerCase() : value);
  return (value) =>
    gets.length === 1 ? fold((gets[0] as (value: Value) => Value)(value)) : gets.map((get) => fold(get(value)));
}

export function sort(value: Value, args: Bound, getter: Getter): Value {
  const key = sortKey(args, getter);
  const direction = args.flag('reverse', false) ? -1 : 1;
  return items(value)
    .map((each) => ({ each, by: key(each) }))
    .sort((a, b) => direction * compare(a.by, b.by))
    .map(({ each }) => each);
}

export function unique(value: Value, args: Bound, getter: Getter): Value {
  const key = sortKey(args, getter);
  const seen: Value[] = [];
  return items(value).filter((each) => {
    const by = key(each);
    if (seen.some((other) => equal(other, by))) return false;
    seen.push(by);
    return true;
  });
}

export function extreme(value: Value, args: Bound, getter: Getter, sign: 1 | -1): Value {
  const key = sortKey(args, getter);
  let best: Value | undefined;
  for (const each of items(value)) {
    if (best === undefined || sign * compare(key(each), key(best)) > 0) best = each;
  }
  return best ?? new Undefined('No aggregated item, sequence was empty.');
}

export function dictsort(value: Value, args: Bound): Value {
  if (!isDict(value)) throw new TemplateError('dictsort needs a dict');
  const by = args.text('by', 'key');
  if (by !== 'key' && by !== 'value') throw new TemplateError('You can only sort by either "key" or "value"');
  const sensitive = args.flag('case_sensitive', false);
  const direction = args.flag('reverse', false) ? -1 : 1;
  const key = ([name, item]: readonly [Value, Value]): Value => {
    const found = by === 'key' ? name : item;
    return typeof found === 'string' && !sensitive ? found.toLowerCase() : found;
  };
  return [...value].sort((a, b) => direction * compare(key(a), key(b))).map((entry) => new Tuple(entry));
}

export function groupby(value: Value, args: Bound, get: (value: Value) => Value): Value {
  const sensitive = args.flag('case_sensitive', false);
  const fold = (found: Value): Value => (typeof found === 'string' && !sensitive ? found.toLowerCase() : found);
  const sorted = items(value)
    .map((each) => ({ each, key: get(each) }))
    .sort((a, b) => compare(fold(a.key), fold(b.key)));
  const groups: { key: Value; members: Value[] }[] = [];
  for (const { each, key } of sorted) {
    const last = groups.at(-1);
    if (last && equal(fold(last.key), fold(key))) last.members.push(each);
    else groups.push({ key, members: [each] });
  }
  // Jinja's pair also has names: grouper and list.
  return groups.map(({ key, members }) => new Tuple([key, members]));
}

export function batch(value: Value, args: Bound): Value {
  const size = args.integer('linecount');
  if (size < 1) throw new TemplateError('batch needs a line count of 1 or more');
  const all = items(value);
  const out = Array.from({ length: Math.ceil(all.length / size) }, (_, i) => all.slice(i * size, (i + 1) * size));
  const fill = args.value('fill_with', null);
  const last = out.at(-1);
  if (fill !== null && last) out[out.length - 1] = [...last, ...Array.from({ length: size - last.length }, () => fill)];
  return out;
}

export function slices(value: Value, args: Bound): Value {
  const count = args.integer('slices');
  if (count < 1) throw new TemplateError('slice needs a number of slices of 1 or more');
  const all = items(value);
  const [size, extra] = [Math.floor(all.length / count), all.length % count];
  const fill = args.value('fill_with', null);
  let at = 0;
  return Array.from({ length: count }, (_, i) => {
    const part = all.slice(at, at + size + (i < extra ? 1 : 0));
    at += part.length;
    return fill !== null && i >= extra ? [...part, fill] : part;
  });
}

export function join(parts: readonly Value[], separator: Value, budget: Budget): string {
  const text = parts.map(str).join(str(separator));
  budget.room(text.length > 2 ** 20 ? text.length : 0);
  return text;
}

export function sum(parts: readonly Value[], args: Bound, budget: Budget): Value {
  return parts.reduce<Value>((total, part) => binary('+', total, part, budget), args.value('start', 0));
}

/** Python's round: to the nearest integer, with ties to even. */
export function roundHalfEven(value: number, precision: number): number {
  if (!Number.isFinite(value) || precision > 20) return value;
  if (precision < 0) {
    const scale = 10 ** -precision;
    return roundHalfEven(value / scale, 0) * scale;
  }
  if (precision === 0) {
    const low = Math.floor(value);
    const rest = value - low;
    if (rest !== 0.5) return Math.round(value);
    return low % 2 === 0 ? low : low + 1;
  }
  return exactlyRounded(value, precision);
}

/** Round by the exact decimal digits of the double, because toFixed rounds ties up. */
function exactlyRounded(value: number, precision: number): number {
  const digits = Math.abs(value).toFixed(Math.min(100, precision + 55));
  const point = digits.indexOf('.') + 1 + precision;
  const isHalf = /^50*$/.test(digits.slice(point));
  const kept = digits.slice(0, point);
  if (isHalf && Number(kept.at(-1)) % 2 === 0) return Math.sign(value) * Number(kept);
  return Number(value.toFixed(precision));
}
