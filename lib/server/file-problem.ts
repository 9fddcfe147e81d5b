import { CircuitTracerError } from '../errors';
import { Problem } from './problem';

/**
 * The problem for a file that cannot be opened or read: 404 for a deleted file, and 403 for one without read
 * permission. Other errors are errors of the server.
 */
export function fileProblem(path: string, error: unknown): unknown {
  const { code, message, syscall } = error as NodeJS.ErrnoException;
  if (syscall === undefined) return error;
  if (code === 'ENOENT' || code === 'ELOOP') return new Problem(404, 'ERR_NOT_FOUND', 'The file no longer exists.');
  if (code === 'EACCES' || code === 'EPERM') {
    return new Problem(403, 'ERR_FILE_READ', 'The server cannot read this file: permission denied.');
  }
  return new CircuitTracerError('ERR_FILE_READ', `${path}: cannot be read (${message}).`, { cause: error });
}
