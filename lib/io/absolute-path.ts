import { resolve } from 'node:path';
import { CircuitTracerError } from '../errors';

/**
 * Parts of a path joined and made absolute.
 *
 * @throws CircuitTracerError `ERR_FILE_NOT_FOUND` when they are relative and the current folder has been deleted.
 */
export function absolutePath(...parts: string[]): string {
  try {
    return resolve(...parts);
  } catch (cause) {
    throw new CircuitTracerError(
      'ERR_FILE_NOT_FOUND',
      `${parts.join('/')} is a path from the current folder, and that folder has been deleted. Change to another folder, or ` +
        'give an absolute path.',
      { cause },
    );
  }
}
