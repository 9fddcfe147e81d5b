#!/usr/bin/env node
import { Command } from 'commander';
import { absolutePath } from '../io/absolute-path';
import { packageVersion } from '../package-version';
import { findValueFlags, normaliseArguments } from './options/arguments';
import { inFlags } from './options/flag-names';
import { exitCodeOf, reportFailure, surviveBrokenStreams } from './runtime/exit';

type Register = (program: Command) => void;

/**
 * The functions that register each command, in the order of the help. They are loaded on demand, because the libraries
 * of commands are large.
 */
const commands: Readonly<Record<string, () => Register>> = {
  demo: () => require('./commands/demo').registerDemo,
  attribute: () => require('./commands/attribute').registerAttribute,
  graph: () => require('./commands/graph').registerGraph,
  'start-server': () => require('./commands/start-server').registerStartServer,
  verify: () => require('./commands/verify').registerVerify,
  intervene: () => require('./commands/intervene').registerIntervene,
  generate: () => require('./commands/generate').registerGenerate,
  harvest: () => require('./commands/harvest').registerHarvest,
  label: () => require('./commands/label').registerLabel,
  selection: () => require('./commands/selection').registerSelection,
  info: () => require('./commands/info').registerInfo,
  convert: () => require('./commands/convert').registerConvert,
  fetch: () => require('./commands/fetch').registerFetch,
  cache: () => require('./commands/cache').registerCache,
  setup: () => require('./commands/setup').registerSetup,
};

/**
 * Build the command-line program.
 *
 * @param names the commands to include; default all
 */
export function makeProgram(names: readonly string[] = Object.keys(commands)): Command {
  const program = new Command('circuit-tracer')
    .description('attribution graphs of language models with transcoders')
    .version(packageVersion)
    .exitOverride()
    // The longest flags leave only 15 of 60 columns, which is less than commander wraps by default.
    .configureHelp({ minWidthToWrap: 10 })
    .hook('preAction', checkCurrentFolder)
    .showHelpAfterError('Run with --help to see the options.');
  for (const name of names) commands[name]?.()(program);
  return program;
}

/** Paths are relative to this folder, and LibTorch cannot be loaded without one. */
function checkCurrentFolder(): void {
  absolutePath('.');
}

/** The command that the arguments begin with. None for the version. Otherwise all, for help and suggestions. */
function neededCommands([first = '']: readonly string[]): readonly string[] {
  if (Object.hasOwn(commands, first)) return [first];
  return first === '--version' || first === '-V' ? [] : Object.keys(commands);
}

/** Run a command line. Errors of commands name flags. */
export async function run(given: readonly string[]): Promise<void> {
  const program = makeProgram(neededCommands(given));
  let running: Command | undefined;
  program.hook('preAction', (_program, command) => {
    running = command;
  });
  try {
    await program.parseAsync(normaliseArguments(given, findValueFlags(program)), { from: 'user' });
  } catch (error) {
    throw inFlags(error, running);
  }
}

async function main(): Promise<void> {
  surviveBrokenStreams();
  const given = process.argv.slice(2);
  try {
    await run(given);
  } catch (error) {
    reportFailure(error, given.includes('--verbose'));
    // A signal has already set its own exit code.
    process.exitCode ||= exitCodeOf(error);
  }
}

if (require.main === module) void main();
