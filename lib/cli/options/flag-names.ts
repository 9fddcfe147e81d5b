import type { Command, Option } from 'commander';
import { CircuitTracerError } from '../../errors';

const libraryNames = new WeakMap<Option, readonly string[]>();

/** A flag and the library's names for it, if its name does not follow from them. */
export function calledBy(flag: Option, ...names: readonly string[]): Option {
  libraryNames.set(flag, names);
  return flag;
}

/**
 * An error of the library in the words of a command: names of options become the command's flags, by its own table of
 * options. `maxNewTokens must leave …` becomes `--max-new-tokens must leave …`. Any other error is given back.
 */
export function inFlags(error: unknown, command: Command | undefined): unknown {
  if (!(error instanceof CircuitTracerError) || !command) return error;
  let { message } = error;
  for (const [name, flag] of flagsByOption(command)) message = named(message, name, flag);
  return message === error.message ? error : reworded(error, message);
}

/** The same error with another message. The original error is its cause and keeps its stack. */
export function reworded(error: CircuitTracerError, message: string): CircuitTracerError {
  return new CircuitTracerError(error.code, message, { cause: error });
}

/** The flags by the library's names of options. If there are two, the first. */
function flagsByOption(command: Command): Map<string, string> {
  const named = command.options.flatMap((flag) => (libraryNames.get(flag) ?? []).map((name) => [name, flag] as const));
  const own = command.options.map((flag) => [flag.attributeName(), flag] as const);
  const flags = new Map<string, string>();
  for (const [name, { long }] of [...named, ...own]) if (long && !flags.has(name)) flags.set(name, long);
  return flags;
}

/**
 * A name of several words always stands for the option. A name of one word may be an ordinary word, so it stands for
 * the option only at the start of a sentence (`temperature must be …`) and before a quoted value (`device 'cpu'`).
 */
function named(message: string, name: string, flag: string): string {
  if (/[A-Z]/.test(name)) return message.replace(new RegExp(`(?<![\\w./\\\\-])${name}(?![\\w-])`, 'g'), flag);
  return message
    .replace(new RegExp(`(?<=^|\\. )${name}(?= (?:must|has|in|can)\\b|[.[])`), flag)
    .replace(new RegExp(`(?<![\\w.-])${name} '([\\w:]+)'`, 'g'), `${flag} $1`);
}

/** The flags behind the entries of a list option: `--set 3:1:5=0` for `interventions[0]`. */
export type EntryFlags = Readonly<Record<string, readonly string[]>>;

/** Replace entries of lists in a text by the flags that they come from. */
export function withEntries(text: string, entries: EntryFlags): string {
  const entry = new RegExp(`\\b(${Object.keys(entries).join('|')})\\[(\\d+)\\](?:\\.(?:feature\\.)?(\\w+))?`, 'g');
  return text.replace(entry, (whole, list: string, index: string, part: string | undefined) => {
    const flag = entries[list]?.[Number(index)];
    if (flag === undefined) return whole;
    return part === undefined ? flag : `${flag}: ${part}`;
  });
}

/** Run work, and name flags instead of list entries in its errors. */
export async function namingEntries<T>(entries: EntryFlags, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof CircuitTracerError)) throw error;
    const message = withEntries(error.message, entries);
    throw message === error.message ? error : reworded(error, message);
  }
}
