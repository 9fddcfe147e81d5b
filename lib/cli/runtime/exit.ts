import { CommanderError } from 'commander';
import { CircuitTracerError } from '../../errors';
import { writeError } from '../../io/files';
import { Palette, printable } from '../render/text';

/** An error in the command line itself. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}

export const exitCodes = { success: 0, failure: 1, usage: 2, interrupted: 130 } as const;

/** Commander's codes for help and version output. */
const answered = new Set(['commander.helpDisplayed', 'commander.version']);

/** @returns the exit code: 1 for a problem with an input or the machine, 2 for wrong usage, 130 when interrupted. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return answered.has(error.code) ? exitCodes.success : exitCodes.usage;
  if (error instanceof UsageError) return exitCodes.usage;
  if (!(error instanceof CircuitTracerError)) return exitCodes.failure;
  if (error.code === 'ABORT_ERR') return exitCodes.interrupted;
  return error.code === 'ERR_INVALID_ARGUMENT' ? exitCodes.usage : exitCodes.failure;
}

/** Print the error as one message, without a stack unless requested. */
export function reportFailure(error: unknown, verbose: boolean, stream: NodeJS.WriteStream = process.stderr): void {
  if (error instanceof CommanderError) return; // already printed by commander
  const palette = new Palette(stream);
  const message = error instanceof Error ? error.message : String(error);
  const lines = message.split('\n').map(printable).join('\n');
  const code = error instanceof CircuitTracerError ? ` ${palette.faint(`(${error.code})`)}` : '';
  stream.write(`${palette.error('error:')} ${lines}${code}\n`);
  if (error instanceof UsageError) stream.write('Run the command with --help to see its options.\n');
  else if (verbose) stream.write(`${stackOf(error)}\n`);
  else if (!(error instanceof CircuitTracerError))
    stream.write('This is a bug. Run with --verbose to see where it happened.\n');
}

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return '';
  const cause = error.cause === undefined ? '' : `\ncaused by ${stackOf(error.cause) || String(error.cause)}`;
  return `${error.stack ?? ''}${cause}`;
}

/**
 * Survive standard streams that cannot be written. A reader that has read enough (`| head`) closes the pipe, which is
 * not an error. A full disk loses log lines, but not the work. If standard output, which holds the result, cannot be
 * written, that is reported once as a failure.
 */
export function surviveBrokenStreams(): void {
  // Exceeding `ulimit -f` ends a process that does not listen for the signal. If it listens, the write reports the
  // error.
  process.on('SIGXFSZ', () => undefined);
  // If the log cannot be written, nothing can be reported.
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
 * Run work that Ctrl-C stops. The first time, the abort signal fires, so that the work can clean up. The second time,
 * the process ends immediately.
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
