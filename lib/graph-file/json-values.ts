import { isObject } from '../is-object';

export { isObject };

/** A JSON object from an untrusted source. */
export type Json = Readonly<Record<string, unknown>>;

/** The fields of an interface in an unchecked file, where each may be missing or have any value. */
export type Unchecked<T> = { readonly [K in keyof T]?: unknown };

/** The value itself if it is an object, otherwise an object without fields. */
export function record(value: unknown): Json {
  return isObject(value) ? value : {};
}

export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** A text or number as text. '' for any other value. */
export function text(value: unknown): string {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';
}

/** A finite number, which may be written as text. */
export function number(value: unknown): number | undefined {
  const given = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof given === 'number' && Number.isFinite(given) ? given : undefined;
}
