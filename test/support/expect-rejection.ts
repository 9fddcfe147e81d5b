import type { ErrorCode } from '../../lib/errors';

/** The promise must reject with this code and a message that names the culprit. */
export async function expectRejection(promise: Promise<unknown>, code: ErrorCode, names: RegExp): Promise<void> {
  const error = await promise.then(
    (value) => {
      throw new Error(`expected a rejection with ${code}; resolved to ${typeof value}`);
    },
    (reason: unknown) => reason as { code?: string; message?: string },
  );
  if (error.code !== code)
    throw new Error(`expected code ${code}; found ${error.code}: ${error.message}`, { cause: error });
  expect(error.message).toMatch(names);
}
