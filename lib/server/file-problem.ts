import { CircuitTracerError } from '../errors';
import { Problem } from './problem';

/**
 * What a client is told of a file that can't be opened or read: 404 for one that has gone, 403 for one that this server may
 * not read; other failures of the machine are its own.
 */
export function fileProblem(path: string, error: unknown): unknown {
  const { code, message, syscall } = error as NodeJS.ErrnoException;
  if (syscall === undefined) return error;
  if (code === 'ENOENT' || code === 'ELOOP') return new Problem(404, 'ERR_NOT_FOUND', 'The file is no longer here.');
  if (code === 'EACCES' || code === 'EPERM') {
    return new Problem(403, 'ERR_FILE_READ', 'The server may not read this file: permission denied.');
  }
  return new CircuitTracerError('ERR_FILE_READ', `${path}: can't be read (${message})`, { cause: error });
}
