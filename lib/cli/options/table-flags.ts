import { type Command, Option as Flag } from 'commander';
import type { Kind } from '../../kinds';
import type { Option, OptionsOf, OptionTable } from '../../options';
import { invalid } from '../../validate';
import { UsageError } from '../runtime/exit';
import { calledBy } from './flag-names';

/**
 * Add the flags of a table of options, with their help and defaults.
 *
 * @param names the options to add; default: all that have a flag
 */
export function addFlags<T extends OptionTable>(
  command: Command,
  table: T,
  names: readonly (keyof T & string)[] = Object.keys(table),
): Command {
  for (const name of names) {
    const option = table[name] as Option;
    if (option.flag !== undefined) addFlag(command, name, option.flag, option);
  }
  return command;
}

function addFlag(command: Command, name: string, spelling: string, option: Option): void {
  const flag = calledBy(new Flag(spelling, option.help), name);
  if (spelling.includes('<')) {
    flag.argParser(reader(option.kind, flag.long as string)).makeOptionMandatory(option.required ?? false);
    const value = option.flagDefault ? option.flagDefault.value : option.default;
    if (typeof value === 'number' || typeof value === 'string') flag.default(value, option.shown);
  }
  command.addOption(flag);
  if (option.helpOff !== undefined) {
    command.addOption(calledBy(new Flag(`--no-${spelling.slice(2)}`, option.helpOff), name));
  }
}

function reader(kind: Kind<unknown>, flag: string): (text: string) => unknown {
  return (text) => {
    try {
      return kind.check(kind.read(text), flag);
    } catch (error) {
      const { message } = kind.spelling === undefined ? (error as Error) : invalid(flag, kind.spelling, text);
      throw new UsageError(message);
    }
  };
}

/** The options of a table from a command's flags. */
export function optionsFrom<T extends OptionTable>(table: T, flags: object): OptionsOf<T> {
  const given = flags as Readonly<Record<string, unknown>>;
  const entries = Object.entries(table).flatMap(([name, { flag }]) => {
    const value = flag === undefined ? undefined : given[new Flag(flag).attributeName()];
    return value === undefined ? [] : [[name, value]];
  });
  return Object.fromEntries(entries) as OptionsOf<T>;
}
