import { type Command, InvalidArgumentError } from 'commander';

/**
 * Turn `--max_n_logits` into `--max-n-logits`. Both spellings are accepted, and kebab-case is shown. Values and
 * everything after `--` are left unchanged.
 */
export function normaliseArguments(args: readonly string[], valueFlags: ReadonlySet<string>): string[] {
  const result: string[] = [];
  let isValue = false;
  for (const [index, arg] of args.entries()) {
    if (arg === '--' && !isValue) return [...result, ...args.slice(index)];
    const plain: string = isValue ? arg : kebabCase(arg);
    result.push(plain);
    isValue = !isValue && valueFlags.has(plain);
  }
  return result;
}

function kebabCase(arg: string): string {
  const [, name = '', rest = ''] = /^(--[^=]*)(.*)$/s.exec(arg) ?? [];
  return name ? name.replaceAll('_', '-') + rest : arg;
}

/** All flags of the program and its commands that take a value, such as `--prompt` and `-p`. */
export function findValueFlags(program: Command): Set<string> {
  const options = [program, ...program.commands].flatMap((command) => command.options);
  const taking = options.filter((option) => option.required || option.optional);
  return new Set(taking.flatMap((option) => [option.long, option.short]).filter((flag) => flag != null));
}

/** A parser of option values that are whole numbers of at least `min`. */
export function wholeNumber(min: number, max = 2 ** 31 - 1): (text: string) => number {
  return (text) => {
    const value = /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
  };
}

/** Parses `2,5,7`. */
export function tokenIds(text: string): number[] {
  const ids = text.split(',').map((part) => part.trim());
  if (ids.every((id) => /^\d{1,9}$/.test(id))) return ids.map(Number);
  throw new InvalidArgumentError('It must be token ids, separated by commas: 2,5,7.');
}
