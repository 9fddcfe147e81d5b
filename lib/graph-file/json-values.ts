import { isObject } from '../is-object';

export { isObject };

/** A JSON object that anybody may have written. */
export type Json = Readonly<Record<string, unknown>>;

/** The fields of a contract in a file that nobody has checked: each may be missing, or hold anything. */
export type Unchecked<T> = { readonly [K in keyof T]?: unknown };

/** The value itself, or an object without fields. */
export function record(value: unknown): Json {
  return isObject(value) ? value : {};
}

export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** A text or a number as text; '' for anything else. */
export function text(value: unknown): string {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';
}

/** A finite number, also one written as text. */
export function number(value: unknown): number | undefined {
  const given = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof given === 'number' && Number.isFinite(given) ? given : undefined;
}
