import { TemplateError, UnsupportedError } from './errors';
import type { Scope } from './runtime';
import {
  type Arguments,
  Callable,
  compare,
  contains,
  equal,
  Float,
  isDict,
  isList,
  isNumber,
  numberOf,
  Tuple,
  Undefined,
  type Value,
} from './values';

export type Test = (value: Value, args: Arguments, scope: Scope) => boolean;

const one =
  (test: (value: Value, other: Value) => boolean): Test =>
  (value, { positional }) => {
    if (positional.length !== 1) throw new TemplateError('the test takes one argument');
    return test(value, positional[0] as Value);
  };

const whole = (value: Value): number => {
  if (isNumber(value)) return numberOf(value);
  throw new TemplateError('the test needs a number');
};

const modulo = (value: Value, by: Value): number => ((whole(value) % whole(by)) + whole(by)) % whole(by);
const isInteger: Test = (value) => typeof value === 'number';
const isSized = (value: Value): boolean =>
  typeof value === 'string' || isList(value) || isDict(value) || value instanceof Tuple;
const eq = one(equal);
const ne = one((value, other) => !equal(value, other));
const lt = one((value, other) => compare(value, other) < 0);
const le = one((value, other) => compare(value, other) <= 0);
const gt = one((value, other) => compare(value, other) > 0);
const ge = one((value, other) => compare(value, other) >= 0);
const casedText =
  (upper: boolean): Test =>
  (value) => {
    const text = typeof value === 'string' ? value : '';
    const cased = /[\p{Lowercase}\p{Uppercase}\p{Lt}]/u.test(text);
    return cased && !(upper ? /[\p{Lowercase}\p{Lt}]/u : /[\p{Uppercase}\p{Lt}]/u).test(text);
  };

const tests: Readonly<Record<string, Test>> = {
  boolean: (value) => typeof value === 'boolean',
  callable: (value) => value instanceof Callable,
  defined: (value) => !(value instanceof Undefined),
  divisibleby: one((value, by) => modulo(value, by) === 0),
  eq,
  equalto: eq,
  '==': eq,
  escaped: () => false,
  even: (value) => modulo(value, 2) === 0,
  false: (value) => value === false,
  filter: (value) => typeof value === 'string' && hasFilter(value),
  float: (value) => value instanceof Float,
  ge,
  '>=': ge,
  greaterthan: gt,
  gt,
  '>': gt,
  in: one((value, container) => contains(container, value)),
  integer: isInteger,
  iterable: (value) => isSized(value) || value instanceof Undefined,
  le,
  '<=': le,
  lessthan: lt,
  lower: casedText(false),
  lt,
  '<': lt,
  mapping: isDict,
  ne,
  '!=': ne,
  none: (value) => value === null,
  number: isNumber,
  odd: (value) => modulo(value, 2) === 1,
  sameas: one((value, other) => value === other),
  sequence: (value) => isSized(value) || value instanceof Undefined,
  string: (value) => typeof value === 'string',
  test: (value) => typeof value === 'string' && Object.hasOwn(tests, value),
  true: (value) => value === true,
  undefined: (value) => value instanceof Undefined,
  upper: casedText(true),
};

let hasFilter = (_name: string): boolean => false;

/** Set the known filters for the tests, on which filters in turn depend. */
export function knowFilters(known: (name: string) => boolean): void {
  hasFilter = known;
}

/** @throws UnsupportedError for an unknown test. */
export function testOf(name: string): Test {
  if (Object.hasOwn(tests, name)) return tests[name] as Test;
  throw new UnsupportedError(`the test '${name}'`);
}
