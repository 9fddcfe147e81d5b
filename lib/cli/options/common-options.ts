import type { Command } from 'commander';

/** Flags of nearly every command. */
export interface CommonFlags {
  verbose?: boolean;
  json?: boolean;
}

/**
 * Add `--verbose`, and `--json` to a command that has something for programs.
 *
 * @param json what it prints as JSON
 * @param logs whether there is a log to show, besides stacks of errors
 */
export function addCommonOptions(command: Command, { json, logs = true }: { json?: string; logs?: boolean }): Command {
  command.option('--verbose', logs ? 'log what is done, and show stacks of errors' : 'show stacks of errors');
  return json === undefined ? command : command.option('--json', `print ${json} as JSON`);
}
