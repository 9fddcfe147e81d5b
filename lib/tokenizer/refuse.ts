import { CircuitTracerError } from '../errors';
import { isObject } from '../is-object';
import { describe } from '../validate';

export type Json = Readonly<Record<string, unknown>>;

/** The error for a problem with the files of a tokenizer. */
export function refuse(message: string, cause?: unknown): CircuitTracerError {
  return new CircuitTracerError('ERR_TOKENIZER', message, cause === undefined ? undefined : { cause });
}

/** @throws CircuitTracerError `ERR_TOKENIZER` unless `value` is an object. */
export function object(value: unknown, name: string): Json {
  if (isObject(value)) return value;
  throw refuse(`${name} must be an object; found ${describe(value)}.`);
}

/** @throws CircuitTracerError `ERR_TOKENIZER` unless `value` is a list. */
export function list(value: unknown, name: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw refuse(`${name} must be a list; found ${describe(value)}.`);
}

/** @throws CircuitTracerError `ERR_TOKENIZER` unless `value` is text, or omitted if there is a default. */
export function text(value: unknown, name: string, fallback?: string): string {
  const found = value ?? fallback;
  if (typeof found === 'string') return found;
  throw refuse(`${name} must be text; found ${describe(value)}.`);
}

/** @throws CircuitTracerError `ERR_TOKENIZER` unless `value` is true, false or omitted. */
export function flag(value: unknown, name: string, fallback = false): boolean {
  const found = value ?? fallback;
  if (typeof found === 'boolean') return found;
  throw refuse(`${name} must be true or false; found ${describe(value)}.`);
}

/** @throws CircuitTracerError `ERR_TOKENIZER` unless `value` is a whole number from `min` to 2^31 - 1. */
export function integer(value: unknown, name: string, min = 0, fallback?: number): number {
  const found = value ?? fallback;
  if (Number.isInteger(found) && (found as number) >= min && (found as number) < 2 ** 31) return found as number;
  throw refuse(`${name} must be a whole number from ${min} to ${2 ** 31 - 1}; found ${describe(value)}.`);
}

/** @throws CircuitTracerError `ERR_TOKENIZER` unless `value` is one of `allowed`, or omitted if there is a default. */
export function oneOf<T extends string>(value: unknown, name: string, allowed: readonly T[], fallback?: T): T {
  const found = value ?? fallback;
  if (allowed.includes(found as T)) return found as T;
  throw refuse(`${name} must be one of ${allowed.join(', ')}; found ${describe(value)}.`);
}
