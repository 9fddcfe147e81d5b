import type { Kind } from './kinds';
import { checkOptions } from './validate';

/** One option of an operation. The doc comment of its key in the table says what it does. */
export interface Option<T = unknown> {
  readonly kind: Kind<T>;
  /** The value when the option is not given. */
  readonly default?: T;
  /** Whether the operation requires the option. */
  readonly required?: true;
  /** The command-line flag: `--batch-size <n>`. */
  readonly flag?: string;
  /** The description in `--help`. */
  readonly help?: string;
  /** The description of `--no-…` in `--help`, if both flags exist. */
  readonly helpOff?: string;
  /** The default on the command line if it differs from the library's, and the reason. */
  readonly flagDefault?: { readonly value: T; readonly why: string };
  /** The default as `--help` and the docs show it, if the value alone says little. */
  readonly shown?: string;
}

/** All options of an operation, by name. */
export type OptionTable = Readonly<Record<string, Option>>;

/** The values of the options in a table, by name, with their doc comments. */
export type ValuesOf<T> = {
  readonly [K in keyof T]: T[K] extends { readonly kind: { check(value: unknown, name: string): infer V } } ? V : never;
};

/** The names of the required options. */
export type RequiredNames<T> = { [K in keyof T]: T[K] extends { readonly required: true } ? K : never }[keyof T];

/** The options that a caller can pass: the names of a table, with their doc comments. */
export type OptionsOf<T> = {
  readonly [K in keyof Pick<T, Exclude<keyof T, RequiredNames<T>>>]?: ValuesOf<T>[K] | undefined;
} & Pick<ValuesOf<T>, RequiredNames<T>>;

/** All options of a table, checked and with the defaults filled in. */
export type ResolvedOf<T> = {
  readonly [K in keyof T]: T[K] extends { readonly default: unknown } | { readonly required: true }
    ? ValuesOf<T>[K]
    : ValuesOf<T>[K] | undefined;
};

/** Options after `auto` has been replaced by a value. */
export type Settled<T> = { readonly [K in keyof T]: Exclude<T[K], 'auto'> };

/** Define a table of options. It is the only place that describes them. */
export function defineOptions<const T extends OptionTable>(table: T): T {
  return table;
}

/**
 * Check options and fill in the defaults.
 *
 * @param title the name of the options in the error about an unknown one
 * @throws CircuitTracerError `ERR_INVALID_ARGUMENT` for an unknown name or an invalid value.
 */
export function resolveOptions<T extends OptionTable>(
  table: T,
  options: OptionsOf<T>,
  title = 'options',
): ResolvedOf<T> {
  checkOptions(options, Object.keys(table), title);
  const given = options as Readonly<Record<string, unknown>>;
  const resolved = Object.entries(table).map(([name, option]) => {
    const value = given[name] === undefined ? option.default : given[name];
    return [name, value === undefined && !option.required ? undefined : option.kind.check(value, name)];
  });
  return Object.fromEntries(resolved) as ResolvedOf<T>;
}

/** Select the options of a table from the resolved options of a larger one. */
export function partOf<T extends OptionTable>(table: T, resolved: ResolvedOf<T>): ResolvedOf<T> {
  return Object.fromEntries(Object.keys(table).map((name) => [name, resolved[name]])) as ResolvedOf<T>;
}

/** Some options of a table, for use in another table. */
export function pickOptions<T extends OptionTable, K extends keyof T>(table: T, ...names: readonly K[]): Pick<T, K> {
  return Object.fromEntries(names.map((name) => [name, table[name]])) as Pick<T, K>;
}

/** A table without the named options. */
export function omitOptions<T extends OptionTable, K extends keyof T>(
  table: T,
  ...names: readonly K[]
): Pick<T, Exclude<keyof T, K>> {
  const left = Object.entries(table).filter(([name]) => !(names as readonly string[]).includes(name));
  return Object.fromEntries(left) as Pick<T, Exclude<keyof T, K>>;
}
