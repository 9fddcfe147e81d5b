import { createContext, Script } from 'node:vm';
import { CircuitTracerError } from '../errors';
import { refuse } from './refuse';

const script = new Script('run()');

/**
 * Run code that may never end, such as a backtracking pattern from a file, on this thread with a time limit.
 *
 * @throws CircuitTracerError `ERR_TOKENIZER` when the time limit is exceeded; `ABORT_ERR` on SIGINT; errors of `run`.
 */
export function withTimeLimit<T>(run: () => T, milliseconds: number): T {
  let result: { value: T } | { error: unknown } | undefined;
  const context = createContext({
    run: () => {
      try {
        result = { value: run() };
      } catch (error) {
        result = { error };
      }
    },
  });
  try {
    script.runInContext(context, { timeout: milliseconds, breakOnSigint: true });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ERR_SCRIPT_EXECUTION_INTERRUPTED') {
      throw new CircuitTracerError('ABORT_ERR', 'The operation was aborted.', { cause: error });
    }
    if (code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
    throw refuse(
      `A pattern of tokenizer.json took more than ${milliseconds / 1000} seconds for the text and was stopped.`,
      error,
    );
  }
  if (!result) throw refuse('The text could not be tokenised.');
  if ('error' in result) throw result.error;
  return result.value;
}
