import { CommanderError } from 'commander';
import { CircuitTracerError } from '../../errors';
import { writeError } from '../../io/files';
import { Palette, printable } from '../render/text';

/** The command line itself is wrong. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}

export const exitCodes = { success: 0, failure: 1, usage: 2, interrupted: 130 } as const;

/** Commander's own words for asking for help or the version, and getting it. */
const answered = new Set(['commander.helpDisplayed', 'commander.version']);

/** @returns the code to exit with: 1 for an input's or the machine's fault, 2 for wrong usage, 130 when interrupted. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return answered.has(error.code) ? exitCodes.success : exitCodes.usage;
  if (error instanceof UsageError) return exitCodes.usage;
  if (!(error instanceof CircuitTracerError)) return exitCodes.failure;
  if (error.code === 'ABORT_ERR') return exitCodes.interrupted;
  return error.code === 'ERR_INVALID_ARGUMENT' ? exitCodes.usage : exitCodes.failure;
}

/** Print what went wrong, in one message and without a stack, unless it is asked for. */
export function reportFailure(error: unknown, verbose: boolean, stream: NodeJS.WriteStream = process.stderr): void {
  if (error instanceof CommanderError) return; // has been printed by commander
  const palette = new Palette(stream);
  const message = error instanceof Error ? error.message : String(error);
  const lines = message.split('\n').map(printable).join('\n');
  const code = error instanceof CircuitTracerError ? ` ${palette.faint(`(${error.code})`)}` : '';
  stream.write(`${palette.error('error:')} ${lines}${code}\n`);
  if (error instanceof UsageError) stream.write('Run the command with --help to see its options.\n');
  else if (verbose) stream.write(`${stackOf(error)}\n`);
  else if (!(error instanceof CircuitTracerError)) stream.write('This is a bug; --verbose shows where it happened.\n');
}

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return '';
  const cause = error.cause === undefined ? '' : `\ncaused by ${stackOf(error.cause) || String(error.cause)}`;
  return `${error.stack ?? ''}${cause}`;
}

/**
 * Outlive standard streams that can't be written. A reader that has seen enough (`| head`) closes the pipe: no error of
 * ours. A full disk costs the log's lines, not the work; of standard output, which is the work's result, it is a failure,
 * told once.
 */
export function surviveBrokenStreams(): void {
  // Writing past `ulimit -f` ends a process that doesn't listen; one that does is told by the write.
  process.on('SIGXFSZ', () => undefined);
  // Where the log can't be written, there is nobody to tell.
  process.stderr.on('error', () => undefined);
  let told = false;
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE' || told) return;
    told = true;
    reportFailure(writeError('standard output', error), false);
    process.exitCode ||= exitCodes.failure;
  });
}

const stopSignals = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/**
 * Run work that Ctrl-C stops: the first time by the abort signal, so that it can clean up after itself; the second time
 * at once.
 */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const stop = (name: NodeJS.Signals) => {
    const code = stopSignals[name as keyof typeof stopSignals];
    if (controller.signal.aborted) process.exit(code);
    process.exitCode = code;
    controller.abort(new Error(`received ${name}`));
  };
  for (const name of Object.keys(stopSignals)) process.on(name, stop);
  try {
    return await work(controller.signal);
  } finally {
    for (const name of Object.keys(stopSignals)) process.off(name, stop);
  }
}
