import { work, workPerItem } from './budget';
import { TemplateError } from './errors';

/** A Python float. Whole JavaScript numbers represent Python integers. */
export class Float {
  constructor(readonly value: number) {}
}

/** A Python tuple. JavaScript arrays represent lists. */
export class Tuple {
  constructor(readonly items: readonly Value[]) {}
}

/** The result of `items()`, `keys()` and `values()` of a dict, which iterates like a tuple and prints with its name. */
export class View extends Tuple {
  constructor(
    items: readonly Value[],
    readonly kind: 'dict_items' | 'dict_keys' | 'dict_values',
  ) {
    super(items);
  }
}

/** An undefined name or attribute. It prints as an empty string; most other uses are errors. */
export class Undefined {
  constructor(readonly hint: string) {}

  fail(): never {
    throw new TemplateError(this.hint);
  }
}

/** The result of `namespace()`: attributes that inner scopes may set. */
export class Namespace {
  readonly attributes = new Map<string, Value>();
}

export interface Arguments {
  readonly positional: readonly Value[];
  readonly named: ReadonlyMap<string, Value>;
}

/** A function, method or macro. */
export class Callable {
  constructor(
    readonly name: string,
    readonly call: (args: Arguments) => Value,
    /** The attributes of `loop`, which is a function in a recursive loop. */
    readonly attributes?: Attributes,
  ) {}
}

/** An object with attributes: `loop`. */
export class Attributes {
  constructor(readonly get: (name: string) => Value | undefined) {}
}

export type Key = string | number | boolean | null;
export type Value =
  | string
  | number
  | boolean
  | null
  | Float
  | Tuple
  | Undefined
  | Namespace
  | Callable
  | Attributes
  | readonly Value[]
  | ReadonlyMap<Key, Value>;

export const isList = (value: Value): value is readonly Value[] => Array.isArray(value);
export const isDict = (value: Value): value is ReadonlyMap<Key, Value> => value instanceof Map;
export const isInteger = (value: Value): value is number => typeof value === 'number';
export const isNumber = (value: Value): value is number | Float | boolean =>
  typeof value === 'number' || typeof value === 'boolean' || value instanceof Float;

/** The value of a number. True is 1, as in Python. */
export const numberOf = (value: number | Float | boolean): number =>
  value instanceof Float ? value.value : Number(value);

/** Convert JSON-like data to template values. Fractions become floats. */
export function fromJson(data: unknown): Value {
  if (data === null || typeof data === 'string' || typeof data === 'boolean') return data;
  if (typeof data === 'number') return Number.isSafeInteger(data) ? data : new Float(data);
  if (Array.isArray(data)) return data.map(fromJson);
  if (typeof data === 'object') {
    return new Map(Object.entries(data).map(([key, value]) => [key, fromJson(value)]));
  }
  return new Undefined('a value is undefined');
}

/** The Python type name of a value. */
export function typeName(value: Value): string {
  if (value === null) return 'NoneType';
  if (typeof value === 'string') return 'str';
  if (typeof value === 'number') return 'int';
  if (typeof value === 'boolean') return 'bool';
  if (value instanceof Float) return 'float';
  if (value instanceof View) return value.kind;
  if (value instanceof Tuple) return 'tuple';
  if (value instanceof Undefined) return 'Undefined';
  if (isList(value)) return 'list';
  if (isDict(value)) return 'dict';
  return value instanceof Namespace ? 'Namespace' : 'function';
}

export function truth(value: Value): boolean {
  if (value === null || value instanceof Undefined) return false;
  if (isNumber(value)) return numberOf(value) !== 0;
  if (typeof value === 'string') return value !== '';
  if (value instanceof Tuple) return value.items.length > 0;
  if (isList(value)) return value.length > 0;
  return isDict(value) ? value.size > 0 : true;
}

/** Count the work of reading a value once: see {@link work}. */
export function workOn(value: Value): void {
  if (typeof value === 'string') work(value.length);
  else if (isList(value)) work(value.length * workPerItem);
  else if (value instanceof Tuple) work(value.items.length * workPerItem);
  else if (isDict(value)) work(value.size * workPerItem);
}

/** What a loop or a filter goes through: characters, items, or the keys of a dict. */
export function items(value: Value): readonly Value[] {
  if (isList(value)) return value;
  if (value instanceof Tuple) return value.items;
  workOn(value);
  if (typeof value === 'string') return [...value];
  if (isDict(value)) return [...value.keys()];
  if (value instanceof Undefined) return [];
  throw new TemplateError(`'${typeName(value)}' object is not iterable`);
}

/** The number of characters (code points), items or entries. */
export function length(value: Value): number {
  if (typeof value === 'string') {
    work(value.length);
    let count = 0;
    for (const _ of value) count++;
    return count;
  }
  if (isDict(value)) return value.size;
  if (isList(value) || value instanceof Tuple || value instanceof Undefined) return items(value).length;
  throw new TemplateError(`object of type '${typeName(value)}' has no len()`);
}

export function equal(a: Value, b: Value): boolean {
  work(workPerItem + (typeof a === 'string' ? a.length : 0));
  if (isNumber(a) && isNumber(b)) return numberOf(a) === numberOf(b);
  if (a instanceof Tuple && b instanceof Tuple) return allEqual(a.items, b.items);
  if (isList(a) && isList(b)) return allEqual(a, b);
  if (isDict(a) && isDict(b)) {
    return a.size === b.size && [...a].every(([key, value]) => b.has(key) && equal(value, b.get(key) as Value));
  }
  if (a instanceof Undefined && b instanceof Undefined) return true;
  return a === b;
}

const allEqual = (a: readonly Value[], b: readonly Value[]): boolean =>
  a.length === b.length && a.every((value, i) => equal(value, b[i] as Value));

/** Compare numbers, text and lists in Python's order: negative, 0 or positive. */
export function compare(a: Value, b: Value): number {
  if (isNumber(a) && isNumber(b)) return numberOf(a) - numberOf(b);
  if (typeof a === 'string' && typeof b === 'string') return compareText(a, b);
  const sameKind = (isList(a) && isList(b)) || (a instanceof Tuple && b instanceof Tuple);
  if (sameKind) {
    const [left, right] = [items(a), items(b)];
    const at = left.findIndex((value, i) => i >= right.length || !equal(value, right[i] as Value));
    if (at < 0 || at >= right.length) return left.length - right.length;
    return compare(left[at] as Value, right[at] as Value);
  }
  throw new TemplateError(`'${typeName(a)}' and '${typeName(b)}' cannot be ordered`);
}

/** Compare by code points. JavaScript's own order is by UTF-16 units. */
function compareText(a: string, b: string): number {
  work(a.length + b.length);
  const [left, right] = [[...a], [...b]];
  for (let i = 0; i < left.length && i < right.length; i++) {
    const difference = (left[i]?.codePointAt(0) ?? 0) - (right[i]?.codePointAt(0) ?? 0);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

/** Membership, as in the operator `in`. */
export function contains(container: Value, value: Value): boolean {
  if (typeof container === 'string') {
    if (typeof value !== 'string') throw new TemplateError(`'in <string>' requires string, not ${typeName(value)}`);
    work(container.length);
    return container.includes(value);
  }
  if (isDict(container)) return container.has(keyOf(value));
  return items(container).some((item) => equal(item, value));
}

/** Convert a value to the key of a dict. */
export function keyOf(value: Value): Key {
  if (value instanceof Float && Number.isInteger(value.value)) return value.value;
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    return value;
  throw new TemplateError(`a ${typeName(value)} as the key of a dict is not supported`);
}
