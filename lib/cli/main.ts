#!/usr/bin/env node
import { Command } from 'commander';
import { absolutePath } from '../io/absolute-path';
import { packageVersion } from '../package-version';
import { normaliseArguments, valueFlagsOf } from './arguments';
import { registerAttribute } from './commands/attribute';
import { registerCache } from './commands/cache';
import { registerConvert } from './commands/convert';
import { registerDemo } from './commands/demo';
import { registerFetch } from './commands/fetch';
import { registerGenerate } from './commands/generate';
import { registerGraph } from './commands/graph';
import { registerHarvest } from './commands/harvest';
import { registerInfo } from './commands/info';
import { registerIntervene } from './commands/intervene';
import { registerLabel } from './commands/label';
import { registerSelection } from './commands/selection';
import { registerSetup } from './commands/setup';
import { registerStartServer } from './commands/start-server';
import { registerVerify } from './commands/verify';
import { exitCodeOf, ignoreClosedPipes, reportFailure } from './exit';

/** The command line, ready to parse. */
export function makeProgram(): Command {
  const program = new Command('circuit-tracer')
    .description('attribution graphs of language models with transcoders')
    .version(packageVersion)
    .exitOverride()
    .hook('preAction', checkCurrentFolder)
    .showHelpAfterError('Run with --help to see the options.');
  const commands = [
    registerDemo,
    registerAttribute,
    registerGraph,
    registerStartServer,
    registerVerify,
    registerIntervene,
    registerGenerate,
    registerHarvest,
    registerLabel,
    registerSelection,
    registerInfo,
    registerConvert,
    registerFetch,
    registerCache,
    registerSetup,
  ];
  for (const register of commands) register(program);
  return program;
}

/** Paths are told and taken from there, and LibTorch can't be loaded without one. */
function checkCurrentFolder(): void {
  absolutePath('.');
}

async function main(): Promise<void> {
  ignoreClosedPipes();
  const program = makeProgram();
  const args = normaliseArguments(process.argv.slice(2), valueFlagsOf(program));
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    reportFailure(error, args.includes('--verbose'));
    // A signal has set its own code already.
    process.exitCode ||= exitCodeOf(error);
  }
}

if (require.main === module) void main();
