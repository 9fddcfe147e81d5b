import { createContext, Script } from 'node:vm';
import { CircuitTracerError } from '../errors';
import { refuse } from './refuse';

const script = new Script('run()');

/**
 * Runs what may never end, as a pattern of a file does that goes back and back, on this thread for a while at most.
 *
 * @throws CircuitTracerError `ERR_TOKENIZER` when the time is over, `ABORT_ERR` on SIGINT; what `run` throws.
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
      `A pattern of tokenizer.json took more than ${milliseconds / 1000} seconds for the text; it is left.`,
      error,
    );
  }
  if (!result) throw refuse('The text could not be tokenised.');
  if ('error' in result) throw result.error;
  return result.value;
}
