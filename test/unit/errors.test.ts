import { CircuitTracerError } from '../../lib/errors';

test('an error carries its code, message and cause', () => {
  const cause = new Error('disk');
  const error = new CircuitTracerError('ERR_FILE_READ', 'expected a file', { cause });
  expect(error).toMatchObject({ code: 'ERR_FILE_READ', name: 'CircuitTracerError', message: 'expected a file', cause });
});

test('an abort is named as the platform names it', () => {
  expect(new CircuitTracerError('ABORT_ERR', 'stopped').name).toBe('AbortError');
});
