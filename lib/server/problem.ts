import { CircuitTracerError, type ErrorCode } from '../errors';
import { log } from '../log';
import type { ErrorAnswer } from './api';

/** What a request is refused with, over and above the package's own codes. */
export type ProblemCode =
  | ErrorCode
  | 'ERR_BAD_REQUEST' // a target, header or body that no page of ours sends
  | 'ERR_UNAUTHORIZED' // the token is missing or wrong
  | 'ERR_FORBIDDEN' // meant for another host, or sent by another site's page
  | 'ERR_NOT_FOUND'
  | 'ERR_METHOD'
  | 'ERR_CONFLICT' // the graph's file has changed since
  | 'ERR_TOO_LARGE'
  | 'ERR_MEDIA_TYPE' // a body that isn't declared as JSON
  | 'ERR_RANGE'
  | 'ERR_TIMEOUT'
  | 'ERR_NO_FEATURES' // no source of features is at hand
  | 'ERR_NO_FEATURE' // the source knows nothing of this one
  | 'ERR_NO_MODEL'
  | 'ERR_BUSY'
  | 'ERR_UPSTREAM'; // the hub of features fails

/** A refusal, as the client is told it. */
export class Problem extends Error {
  readonly status: number;
  readonly code: ProblemCode;
  /** Further fields of the answer's body. */
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

/** Refused for now: too much is asked for at once. */
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

/** What the client is told of anything thrown. What isn't its fault is logged. */
export function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof CircuitTracerError) {
    const status = statuses[error.code] ?? 500;
    if (status === 500) log().error(error);
    return new Problem(status, error.code, error.message);
  }
  log().error(error);
  return new Problem(500, 'ERR_NATIVE', 'The server failed; its log says how.');
}
