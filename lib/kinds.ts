import { checkBoolean, checkInteger, checkNumber, checkOneOf, checkText, integersBetween, invalid } from './validate';

/** A kind of value that an option accepts. */
export interface Kind<T> {
  /** @throws CircuitTracerError `ERR_INVALID_ARGUMENT` with a message that says what `name` must be. */
  check(value: unknown, name: string): T;
  /** Convert a text from the command line to a value, which is not checked yet. */
  read(text: string): unknown;
  /** The accepted texts, if they differ from the accepted values. */
  readonly spelling?: string;
}

const asIs = (text: string) => text;
const asInteger = (text: string) => (/^[+-]?\d+$/.test(text) ? Number(text) : text);
const asNumber = (text: string) => (text.trim() === '' || Number.isNaN(Number(text)) ? text : Number(text));

/** Whole numbers. */
export function integer(min: number, max?: number): Kind<number> {
  return { check: (value, name) => checkInteger(value, name, min, max), read: asInteger };
}

/** Seeds of random number generators. */
export const seed = integer(0, 2 ** 32 - 1);

/** Whole numbers, or `auto`. */
export function integerOrAuto(min: number, max?: number): Kind<number | 'auto'> {
  return {
    check: (value, name) => {
      if (value === 'auto' || isIntegerBetween(value, min, max)) return value;
      throw invalid(name, `${integersBetween(min, max)}, or 'auto'`, value);
    },
    read: asInteger,
    spelling: `${integersBetween(min, max)}, or auto`,
  };
}

/** Whole numbers, or Infinity for all, which is `all` on the command line. */
export function integerOrAll(min: number, max?: number): Kind<number> {
  return {
    check: (value, name) => {
      if (value === Infinity || isIntegerBetween(value, min, max)) return value;
      throw invalid(name, `${integersBetween(min, max)}, or Infinity for all`, value);
    },
    read: (text) => (text === 'all' ? Infinity : asInteger(text)),
    spelling: `${integersBetween(min, max)}, or all`,
  };
}

function isIntegerBetween(value: unknown, min: number, max = Number.MAX_SAFE_INTEGER): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max;
}

/** Finite numbers. */
export function number(min?: number, max?: number): Kind<number> {
  return { check: (value, name) => checkNumber(value, name, min, max), read: asNumber };
}

/** Shares greater than 0. */
export const positiveShare: Kind<number> = {
  check: (value, name) => {
    if (typeof value === 'number' && value > 0 && value <= 1) return value;
    throw invalid(name, 'a number greater than 0 and at most 1', value);
  },
  read: asNumber,
};

/** True or false. The flag takes no value. */
export const boolean: Kind<boolean> = { check: checkBoolean, read: asIs };

/** Text of at least one character. */
export const text: Kind<string> = { check: checkText, read: asIs };

/**
 * One of a list of words.
 *
 * @param spellings additional words for them on the command line
 */
export function oneOf<const T extends string>(
  words: readonly T[],
  spellings: Readonly<Record<string, NoInfer<T>>> = {},
): Kind<T> {
  return {
    check: (value, name) => checkOneOf(value, name, words),
    read: (given) => (Object.hasOwn(spellings, given) ? spellings[given] : given),
    spelling: `one of ${[...words, ...Object.keys(spellings)].join(', ')}`,
  };
}

/** A value that can only be checked later, against a model. */
export function later<T>(): Kind<T> {
  return { check: (value) => value as T, read: asIs };
}
