import { totalmem } from 'node:os';
import { CircuitTracerError } from './errors';

/** The largest array that native code can fill on every supported version of Node, in bytes. */
export const largestArray = 2 ** 32;

/**
 * Reject a float32 result of this shape before it is computed.
 *
 * @param what the name of the result: `The logits of all positions`
 * @param instead what the caller can do: `give a shorter prompt`
 * @throws CircuitTracerError `ERR_OUT_OF_MEMORY` when no array can hold it.
 */
export function checkArraySize(shape: readonly number[], what: string, instead: string): void {
  const bytes = 4 * shape.reduce((product, size) => product * size, 1);
  if (bytes <= largestArray) return;
  const gibibytes = (count: number) => (count / 2 ** 30).toFixed(1);
  throw new CircuitTracerError(
    'ERR_OUT_OF_MEMORY',
    `${what}, [${shape.join(', ')}], need ${gibibytes(bytes)} GiB, but an array holds at most ` +
      `${gibibytes(largestArray)} GiB. To stay below this limit, ${instead}.`,
  );
}

/** The memory this process may use, in bytes: that of the machine, or the limit of its container. */
export function machineBytes(): number {
  const limit = process.constrainedMemory?.() ?? 0;
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}
