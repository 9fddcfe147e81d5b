import { PassThrough } from 'node:stream';
import { CommanderError } from 'commander';
import { exitCodeOf, interruptible, reportFailure, UsageError } from '../../../lib/cli/runtime/exit';
import { CircuitTracerError } from '../../../lib/errors';

test.each([
  [new CommanderError(0, 'commander.helpDisplayed', ''), 0],
  [new CommanderError(0, 'commander.version', ''), 0],
  [new CommanderError(1, 'commander.help', ''), 2],
  [new CommanderError(1, 'commander.unknownOption', ''), 2],
  [new UsageError('x'), 2],
  [new CircuitTracerError('ERR_INVALID_ARGUMENT', 'x'), 2],
  [new CircuitTracerError('ERR_WEIGHT', 'x'), 1],
  [new CircuitTracerError('ABORT_ERR', 'x'), 130],
  [new TypeError('x'), 1],
])('%p exits %i', (error, code) => {
  expect(exitCodeOf(error)).toBe(code);
});

function reported(error: unknown, verbose = false): string {
  const stream = new PassThrough() as unknown as NodeJS.WriteStream;
  reportFailure(error, verbose, stream);
  return String(stream.read() ?? '');
}

test('an error is one message with its code, without a stack unless asked for', () => {
  const cause = new Error('disk on fire');
  const error = new CircuitTracerError('ERR_FILE_READ', "Can't read\u001b[2J it.", { cause });
  expect(reported(error)).toBe("error: Can't read\\u001b[2J it. (ERR_FILE_READ)\n");
  expect(reported(error, true)).toMatch(/ at .*exit\.test.*caused by Error: disk on fire/s);
  expect(reported(new TypeError('x is undefined'))).toMatch(/bug.*--verbose/);
  expect(reported(new UsageError('Give a --prompt.'))).toMatch(/^error: Give a --prompt\.\n.*--help/);
  expect(reported(new CommanderError(1, 'commander.unknownOption', 'printed before'))).toBe('');
});

test('a signal aborts the work and sets the exit code', async () => {
  const work = interruptible(async (signal) => {
    const aborted = new Promise((resolve) => signal.addEventListener('abort', resolve));
    process.emit('SIGTERM', 'SIGTERM');
    await aborted;
    return signal.aborted;
  });
  expect(await work).toBe(true);
  expect(process.exitCode).toBe(143);
  process.exitCode = 0;
  expect(process.listenerCount('SIGTERM')).toBe(0);
});
