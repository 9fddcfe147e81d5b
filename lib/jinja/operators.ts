import { type Budget, work } from './budget';
import { TemplateError } from './errors';
import { percentFormat } from './format';
import { methodOf } from './methods';
import { str } from './text';
import {
  Attributes,
  Callable,
  compare,
  contains,
  equal,
  Float,
  isDict,
  isInteger,
  isList,
  isNumber,
  items,
  keyOf,
  length,
  Namespace,
  numberOf,
  Tuple,
  typeName,
  Undefined,
  type Value,
  View,
  workOn,
} from './values';

export function safeInteger(value: number): number {
  if (Number.isSafeInteger(value)) return value;
  throw new TemplateError('a whole number beyond 2^53 is not supported');
}

function arithmetic(operator: string, a: number, b: number, isFloat: boolean): Value {
  if (b === 0 && (operator === '/' || operator === '//' || operator === '%'))
    throw new TemplateError('division by zero');
  const results: Readonly<Record<string, () => number>> = {
    '+': () => a + b,
    '-': () => a - b,
    '*': () => a * b,
    '/': () => a / b,
    '//': () => Math.floor(a / b),
    '%': () => a - Math.floor(a / b) * b,
    '**': () => a ** b,
  };
  const result = (results[operator] as () => number)();
  const float = isFloat || operator === '/' || (operator === '**' && b < 0);
  return float ? new Float(result) : safeInteger(result);
}

/** `a operator b` for arithmetic operators, which also join and repeat text and lists. */
export function binary(operator: string, a: Value, b: Value, budget: Budget): Value {
  if (a instanceof Undefined) a.fail();
  if (operator === '%' && typeof a === 'string') {
    workOn(a);
    workOn(b);
    return percentFormat(a, b);
  }
  if (b instanceof Undefined) b.fail();
  if (isNumber(a) && isNumber(b)) {
    return arithmetic(operator, numberOf(a), numberOf(b), a instanceof Float || b instanceof Float);
  }
  if (operator === '+') {
    if (typeof a === 'string' && typeof b === 'string') {
      budget.room(a.length + b.length > 2 ** 20 ? a.length + b.length : 0);
      return a + b;
    }
    workOn(a);
    workOn(b);
    if (isList(a) && isList(b)) return [...a, ...b];
    if (a instanceof Tuple && b instanceof Tuple) return new Tuple([...a.items, ...b.items]);
  }
  if (operator === '*') {
    if (isInteger(b)) return repeated(a, b, budget);
    if (isInteger(a)) return repeated(b, a, budget);
  }
  throw new TemplateError(`unsupported operand type(s) for ${operator}: '${typeName(a)}' and '${typeName(b)}'`);
}

function repeated(value: Value, times: number, budget: Budget): Value {
  const count = Math.max(0, times);
  if (typeof value === 'string') {
    budget.room(value.length * count);
    return value.repeat(count);
  }
  if (!isList(value) && !(value instanceof Tuple)) {
    throw new TemplateError(`unsupported operand type(s) for *: '${typeName(value)}' and 'int'`);
  }
  const once = items(value);
  budget.room(once.length * count * 64);
  const all = Array.from({ length: count }, () => once).flat();
  return value instanceof Tuple ? new Tuple(all) : all;
}

export function compared(operator: string, a: Value, b: Value): boolean {
  switch (operator) {
    case '==':
      return equal(a, b);
    case '!=':
      return !equal(a, b);
    case 'in':
      return contains(b, a);
    case 'not in':
      return !contains(b, a);
  }
  if (a instanceof Undefined) a.fail();
  if (b instanceof Undefined) b.fail();
  const order = compare(a, b);
  return { '<': order < 0, '<=': order <= 0, '>': order > 0, '>=': order >= 0 }[operator] as boolean;
}

/** `value[key]`: an item. If there is none, a string key names an attribute. */
export function item(value: Value, key: Value): Value {
  if (value instanceof Undefined) value.fail();
  if (isDict(value)) {
    const found = isHashable(key) ? value.get(keyOf(key)) : undefined;
    if (found !== undefined) return found;
  } else if (
    isInteger(key) &&
    (typeof value === 'string' || isList(value) || (value instanceof Tuple && !(value instanceof View)))
  ) {
    const found = at(value, key);
    if (found !== undefined) return found;
    return new Undefined(`${typeName(value)} object has no element ${key}`);
  }
  return (typeof key === 'string' ? attributeAlone(value, key) : undefined) ?? missing(value, key);
}

const isHashable = (key: Value): boolean => key === null || ['string', 'number', 'boolean'].includes(typeof key);

function at(value: Value, index: number): Value | undefined {
  if (typeof value !== 'string') return items(value).at(index);
  work(value.length);
  // Characters are code points. Text without surrogates does not need a list of them.
  return /[\ud800-\udfff]/.test(value) ? [...value].at(index) : value.at(index);
}

/** `value.name`: an attribute or method, otherwise an item of that name. */
export function attribute(value: Value, name: string): Value {
  if (value instanceof Undefined) value.fail();
  const own = attributeAlone(value, name);
  if (own !== undefined) return own;
  return (isDict(value) ? value.get(name) : undefined) ?? missing(value, name);
}

function attributeAlone(value: Value, name: string): Value | undefined {
  if (name.startsWith('_') && !(value instanceof Namespace) && !isDict(value))
    return new Undefined(`access to attribute '${name}' of '${typeName(value)}' object is unsafe.`);
  if (value instanceof Namespace) return value.attributes.get(name);
  if (value instanceof Attributes) return value.get(name);
  if (value instanceof Callable) return value.attributes?.get(name);
  // A method reads the value that it belongs to.
  workOn(value);
  return methodOf(value, name);
}

const missing = (value: Value, key: Value): Undefined =>
  new Undefined(`'${typeName(value)} object' has no attribute ${typeof key === 'string' ? `'${key}'` : str(key)}`);

/** `value[start:stop:step]`. */
export function slice(value: Value, bounds: readonly (number | null)[]): Value {
  if (value instanceof Undefined) value.fail();
  if (typeof value !== 'string' && !isList(value) && !(value instanceof Tuple)) {
    throw new TemplateError(`'${typeName(value)}' object cannot be sliced`);
  }
  const all = items(value);
  workOn(value);
  const size = length(value);
  const step = bounds[2] ?? 1;
  if (step === 0) throw new TemplateError('slice step cannot be zero');
  const [low, high] = step > 0 ? [0, size] : [-1, size - 1];
  const clamp = (bound: number | null | undefined, missingValue: number) => {
    if (bound === null || bound === undefined) return missingValue;
    return Math.min(Math.max(bound < 0 ? bound + size : bound, low), high);
  };
  const start = clamp(bounds[0], step > 0 ? low : high);
  const stop = clamp(bounds[1], step > 0 ? high : low);
  const out: Value[] = [];
  for (let i = start; step > 0 ? i < stop : i > stop; i += step) out.push(all[i] as Value);
  if (typeof value === 'string') return out.join('');
  return value instanceof Tuple ? new Tuple(out) : out;
}
