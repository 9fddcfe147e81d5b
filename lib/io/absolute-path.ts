import { resolve } from 'node:path';
import { CircuitTracerError } from '../errors';

/**
 * Join the parts of a path and make it absolute.
 *
 * @throws CircuitTracerError `ERR_FILE_NOT_FOUND` when the path is relative and the current folder has been deleted.
 */
export function absolutePath(...parts: string[]): string {
  try {
    return resolve(...parts);
  } catch (cause) {
    throw new CircuitTracerError(
      'ERR_FILE_NOT_FOUND',
      `${parts.join('/')} is a relative path, but the current folder has been deleted. Change to another folder, or ` +
        'use an absolute path.',
      { cause },
    );
  }
}
