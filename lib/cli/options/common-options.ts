import type { Command } from 'commander';

/** The flags of nearly every command. */
export interface CommonFlags {
  verbose?: boolean;
  json?: boolean;
}

/**
 * Add `--verbose`, and `--json` to a command with machine-readable output.
 *
 * @param json the output as JSON
 * @param logs whether the command logs its work
 */
export function addCommonOptions(command: Command, { json, logs = true }: { json?: string; logs?: boolean }): Command {
  command.option('--verbose', logs ? 'log the work, and show the stacks of errors' : 'show the stacks of errors');
  return json === undefined ? command : command.option('--json', `print ${json} as JSON`);
}
