import { CircuitTracerError, type ErrorCode } from '../errors';
import { log } from '../log';
import type { ErrorAnswer } from './api';

/** The error codes of responses, in addition to those of the package. */
export type ProblemCode =
  | ErrorCode
  | 'ERR_BAD_REQUEST' // an invalid target, header or body
  | 'ERR_UNAUTHORIZED' // the token is missing or wrong
  | 'ERR_FORBIDDEN' // a request for another host, or from a page of another site
  | 'ERR_NOT_FOUND'
  | 'ERR_METHOD'
  | 'ERR_CONFLICT' // the graph file has changed
  | 'ERR_TOO_LARGE'
  | 'ERR_MEDIA_TYPE' // a body that is not declared as JSON
  | 'ERR_RANGE'
  | 'ERR_TIMEOUT'
  | 'ERR_NO_FEATURES' // there is no source of features
  | 'ERR_NO_FEATURE' // no source has this feature
  | 'ERR_NO_MODEL'
  | 'ERR_BUSY'
  | 'ERR_UPSTREAM'; // the remote source of features failed

/** An error that is sent to the client. */
export class Problem extends Error {
  readonly status: number;
  readonly code: ProblemCode;
  /** Further fields of the response body. */
  readonly more: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    code: ProblemCode,
    message: string,
    {
      more = {},
      headers = {},
    }: { more?: Readonly<Record<string, unknown>>; headers?: Readonly<Record<string, string>> } = {},
  ) {
    super(message);
    this.name = 'Problem';
    this.status = status;
    this.code = code;
    this.more = more;
    this.headers = headers;
  }

  get body(): string {
    const answer: ErrorAnswer = { error: { code: this.code, message: this.message }, ...this.more };
    return JSON.stringify(answer);
  }
}

/** The problem for too many requests at once. */
export function busy(reason: string): Problem {
  return new Problem(503, 'ERR_BUSY', `${reason} Try again in a moment.`, { headers: { 'retry-after': '5' } });
}

export const problemHeaders = { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' };

const statuses: Partial<Record<ErrorCode, number>> = {
  ERR_INVALID_ARGUMENT: 400,
  ERR_INVALID_PROMPT: 400,
  ERR_FILE_NOT_FOUND: 404,
  ERR_FILE_FORMAT: 422,
  ERR_MODEL_MISMATCH: 422,
  ERR_DISPOSED: 503,
  ABORT_ERR: 503,
};

/** The problem for any thrown error. Errors that are not the client's fault are logged. */
export function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof CircuitTracerError) {
    const status = statuses[error.code] ?? 500;
    if (status === 500) log().error(error);
    return new Problem(status, error.code, error.message);
  }
  log().error(error);
  return new Problem(500, 'ERR_NATIVE', 'Internal server error. See the log of the server.');
}
