import { TemplateError } from './errors';
import type { Token } from './lexer';
import type { Expression, Scope, Target } from './runtime';
import {
  type Arguments,
  Callable,
  Float,
  isDict,
  isInteger,
  isNumber,
  items,
  numberOf,
  typeName,
  Undefined,
  type Value,
  workOn,
} from './values';

export function unpacking(targets: readonly Target[]): Target {
  return (scope, value) => {
    const parts = items(value);
    if (parts.length !== targets.length) {
      throw new TemplateError(`cannot unpack ${parts.length} values into ${targets.length} names`);
    }
    for (const [i, target] of targets.entries()) target(scope, parts[i] as Value);
  };
}

export const noArguments = (): Arguments => ({ positional: [], named: new Map() });

export const describeToken = ({ type, value }: Token): string =>
  type === 'end' ? 'the end of the tag' : JSON.stringify(value);

export function entries(value: Value): [string, Value][] {
  if (!isDict(value)) throw new TemplateError(`** needs a dict, not ${typeName(value)}`);
  return [...value].map(([key, item]) => [String(key), item]);
}

const constants: Readonly<Record<string, Value>> = {
  true: true,
  True: true,
  false: false,
  False: false,
  none: null,
  None: null,
};

export function constantOrName(name: string): Expression {
  if (Object.hasOwn(constants, name)) {
    const constant = constants[name] as Value;
    return () => constant;
  }
  return (scope) => scope.get(name);
}

export function negated(value: Expression, sign: 1 | -1): Expression {
  return (scope) => {
    const number = value(scope);
    if (number instanceof Undefined) number.fail();
    if (!isNumber(number))
      throw new TemplateError(`bad operand type for unary ${sign < 0 ? '-' : '+'}: '${typeName(number)}'`);
    if (number instanceof Float) return new Float(sign * number.value);
    // Python integers have no negative zero.
    return sign * numberOf(number) || 0;
  };
}

export function called(callee: Expression, args: (scope: Scope) => Arguments): Expression {
  return (scope) => {
    scope.budget.spend();
    const value = callee(scope);
    if (value instanceof Undefined) value.fail();
    if (!(value instanceof Callable)) throw new TemplateError(`'${typeName(value)}' object is not callable`);
    const given = args(scope);
    for (const argument of given.positional) workOn(argument);
    const result = value.call(given);
    workOn(result);
    return result;
  };
}

export function sliceBound(value: Value): number | null {
  if (value === null || isInteger(value)) return value;
  throw new TemplateError('slice indices must be integers or None');
}
