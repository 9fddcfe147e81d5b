import type { Kind } from './kinds';
import { checkOptions } from './validate';

/** One option of an operation. What it means stands in the doc comment of its key in the table. */
export interface Option<T = unknown> {
  readonly kind: Kind<T>;
  /** Taken when the option isn't given. */
  readonly default?: T;
  /** The operation can't do without it. */
  readonly required?: true;
  /** On the command line: `--batch-size <n>`. */
  readonly flag?: string;
  /** A line on it for `--help`. */
  readonly help?: string;
  /** The same of `--no-…`, where there are both flags. */
  readonly helpOff?: string;
  /** The command line's own default, and why it isn't the library's. */
  readonly flagDefault?: { readonly value: T; readonly why: string };
  /** The default as `--help` and the docs show it, where the value itself says little. */
  readonly shown?: string;
}

/** All options of one operation by name. */
export type OptionTable = Readonly<Record<string, Option>>;

/** What the options of a table take, by name, with its doc comments. */
export type ValuesOf<T> = {
  readonly [K in keyof T]: T[K] extends { readonly kind: { check(value: unknown, name: string): infer V } } ? V : never;
};

/** Names of the options that must be given. */
export type RequiredNames<T> = { [K in keyof T]: T[K] extends { readonly required: true } ? K : never }[keyof T];

/** What a caller may give: the names of a table, with its doc comments. */
export type OptionsOf<T> = {
  readonly [K in keyof Pick<T, Exclude<keyof T, RequiredNames<T>>>]?: ValuesOf<T>[K] | undefined;
} & Pick<ValuesOf<T>, RequiredNames<T>>;

/** All options of a table, checked and with the defaults filled in. */
export type ResolvedOf<T> = {
  readonly [K in keyof T]: T[K] extends { readonly default: unknown } | { readonly required: true }
    ? ValuesOf<T>[K]
    : ValuesOf<T>[K] | undefined;
};

/** Options once `auto` has become a value. */
export type Settled<T> = { readonly [K in keyof T]: Exclude<T[K], 'auto'> };

/** A table of options: all that there is to say of each, in one place. */
export function defineOptions<const T extends OptionTable>(table: T): T {
  return table;
}

/**
 * Check options and fill in the defaults.
 *
 * @param title what the options are called when one is unknown
 * @throws CircuitTracerError `ERR_INVALID_ARGUMENT` for an unknown name or a value that can't be.
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

/** The options of a table among those of a larger one. */
export function partOf<T extends OptionTable>(table: T, resolved: ResolvedOf<T>): ResolvedOf<T> {
  return Object.fromEntries(Object.keys(table).map((name) => [name, resolved[name]])) as ResolvedOf<T>;
}

/** Some options of a table, for another. */
export function pickOptions<T extends OptionTable, K extends keyof T>(table: T, ...names: readonly K[]): Pick<T, K> {
  return Object.fromEntries(names.map((name) => [name, table[name]])) as Pick<T, K>;
}

/** A table without some of its options. */
export function omitOptions<T extends OptionTable, K extends keyof T>(
  table: T,
  ...names: readonly K[]
): Pick<T, Exclude<keyof T, K>> {
  const left = Object.entries(table).filter(([name]) => !(names as readonly string[]).includes(name));
  return Object.fromEntries(left) as Pick<T, Exclude<keyof T, K>>;
}
