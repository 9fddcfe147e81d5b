import { totalmem } from 'node:os';
import { CircuitTracerError } from './errors';

/** Bytes that one array filled by native code holds on every supported version of Node. */
export const largestArray = 2 ** 32;

/**
 * Refuse a float32 result of this shape before the work that makes it.
 *
 * @param what is asked for, in words: `The logits of all positions`
 * @param instead what to do, in words: `give a shorter prompt`
 * @throws CircuitTracerError `ERR_OUT_OF_MEMORY` when no array holds it.
 */
export function checkArraySize(shape: readonly number[], what: string, instead: string): void {
  const bytes = 4 * shape.reduce((product, size) => product * size, 1);
  if (bytes <= largestArray) return;
  const gibibytes = (count: number) => (count / 2 ** 30).toFixed(1);
  throw new CircuitTracerError(
    'ERR_OUT_OF_MEMORY',
    `${what}, [${shape.join(', ')}], take ${gibibytes(bytes)} GiB; an array holds at most ` +
      `${gibibytes(largestArray)} GiB. To stay below, ${instead}.`,
  );
}

/** Bytes of memory this process may use: the machine's, or fewer in a container. */
export function machineBytes(): number {
  const limit = process.constrainedMemory?.() ?? 0;
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}
