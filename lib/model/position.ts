import { checkInteger } from '../validate';

/**
 * The index of a position in a prompt of `length` tokens. Negative positions count from the end.
 *
 * @throws CircuitTracerError `ERR_INVALID_ARGUMENT` for a position outside the prompt.
 */
export function positionIndex(position: unknown, length: number, name: string): number {
  const at = checkInteger(position, `${name} in a prompt of ${length} tokens`, -length, length - 1);
  return at < 0 ? at + length : at;
}
