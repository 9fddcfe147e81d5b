import { setTimeout as sleep } from 'node:timers/promises';
import { CircuitTracerError } from '../errors';
import type { HttpAnswer, HttpClient } from './http-client';
import { UnavailableError } from './unavailable';

/** The connection broke. The bytes received so far are kept. */
export class BrokenError extends Error {}

/** The connection is open but silent. */
class SilentError extends BrokenError {}

const connectTimeout = 8_000;
const attemptsWithoutProgress = 5;
/**
 * The limit for connections that go silent instead of breaking. It is lower: 90 seconds are enough to wait for a byte.
 */
const silencesWithoutProgress = 3;

export interface Transfer {
  /** The address as it is shown in messages. */
  readonly url: string;
  readonly signal?: AbortSignal;
  /** The bytes that earlier attempts kept. An attempt that adds to them does not count as a failure. */
  readonly progress?: () => Promise<number>;
}

/**
 * Repeat an attempt while connections break.
 *
 * @throws UnavailableError when they keep breaking or stay silent; CircuitTracerError `ABORT_ERR`; any other error of the
 * attempt.
 */
export async function persistently<T>(transfer: Transfer, attempt: () => Promise<T>): Promise<T> {
  const { url, signal, progress = async () => 0 } = transfer;
  for (let [failures, silences] = [0, 0]; ; ) {
    const before = await progress();
    try {
      return await attempt();
    } catch (error) {
      if (signal?.aborted) throw new CircuitTracerError('ABORT_ERR', 'The download was cancelled.', { cause: error });
      if (!(error instanceof BrokenError)) throw error;
      const hasProgress = (await progress()) > before;
      failures = hasProgress ? 1 : failures + 1;
      silences = (hasProgress ? 0 : silences) + (error instanceof SilentError ? 1 : 0);
      if (failures >= attemptsWithoutProgress || silences >= silencesWithoutProgress) {
        throw new UnavailableError(`${url}: the download keeps failing: ${error.message}`);
      }
      await sleep(200 * 2 ** failures, undefined, { signal }).catch(() => undefined);
    }
  }
}

export interface Attempt {
  readonly client: HttpClient;
  readonly url: string;
  /** The address as it is shown in messages. */
  readonly shown: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  readonly silenceMs?: number;
  /** Whether a server that does not answer has answered before, so that it is worth asking again. */
  readonly isResumed: boolean;
}

/**
 * Send one request and hand its answer to `use`, which reads the body piece by piece.
 *
 * @throws BrokenError, UnavailableError, any error of `use`.
 */
export async function attemptOnce<T>(
  { client, url, shown, headers, signal, silenceMs = 30_000, isResumed }: Attempt,
  use: (answer: HttpAnswer, pieces: AsyncIterable<Buffer>) => Promise<T>,
): Promise<T> {
  const watch = new Watch(signal, silenceMs);
  let answer: HttpAnswer | undefined;
  try {
    watch.restart(connectTimeout);
    answer = await client(url, { headers, signal: watch.signal }).catch((error) => {
      if (error instanceof UnavailableError) throw error;
      const text = watch.isSilent ? watch.reason : reason(error);
      throw isResumed ? new BrokenError(text) : new UnavailableError(`${shown}: ${text}`);
    });
    if (answer.status >= 500) throw new BrokenError(`HTTP status ${answer.status}`);
    return await use(answer, pieces(answer, watch));
  } finally {
    watch.stop();
    answer?.body.destroy();
  }
}

async function* pieces({ body }: HttpAnswer, watch: Watch): AsyncIterable<Buffer> {
  const iterator = body[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  for (let done = 0; ; ) {
    watch.restart();
    const { value } = await iterator.next().catch((error: unknown) => {
      if (watch.isSilent) throw new SilentError(`the connection went silent after ${done} bytes (${watch.reason})`);
      throw new BrokenError(`the connection broke after ${done} bytes (${reason(error)})`);
    });
    if (!value) return;
    done += value.length;
    yield value;
  }
}

export interface Bytes {
  readonly bytes: Buffer;
  readonly answer: HttpAnswer;
}

/**
 * Fetch something small into memory. The status is for the caller to judge.
 *
 * @throws as {@link persistently}, and UnavailableError when it is larger than `limit` bytes.
 */
export function fetchBytes(attempt: Omit<Attempt, 'isResumed'>, limit: number): Promise<Bytes> {
  return persistently({ url: attempt.shown, signal: attempt.signal }, () =>
    attemptOnce({ ...attempt, isResumed: false }, async (answer, body) => {
      const parts: Buffer[] = [];
      let length = 0;
      for await (const piece of body) {
        length += piece.length;
        if (length > limit) throw new UnavailableError(`${attempt.shown}: it is longer than ${limit} bytes`);
        parts.push(piece);
      }
      return { bytes: Buffer.concat(parts), answer };
    }),
  );
}

/** Aborts when the caller aborts or the connection is silent for too long. */
class Watch {
  private readonly controller = new AbortController();
  private timer: NodeJS.Timeout | undefined;
  readonly signal: AbortSignal;

  constructor(
    user: AbortSignal | undefined,
    private readonly silenceMs: number,
  ) {
    this.signal = user ? AbortSignal.any([user, this.controller.signal]) : this.controller.signal;
  }

  get isSilent(): boolean {
    return this.controller.signal.aborted;
  }

  get reason(): string {
    return (this.controller.signal.reason as Error).message;
  }

  restart(milliseconds = this.silenceMs): void {
    this.stop();
    this.timer = setTimeout(
      () => this.controller.abort(new Error(`silent for ${milliseconds / 1000} s`)),
      milliseconds,
    );
  }

  stop(): void {
    clearTimeout(this.timer);
  }
}

/** The reason for a failed connection, which has only a code if several addresses were tried. */
function reason(error: unknown): string {
  const { message, code } = error as { message?: string; code?: string };
  return message || code || String(error);
}

/** Whether an answer is a page for people, as a network's login or a proxy's refusal is. */
export function isPage({ headers }: HttpAnswer): boolean {
  return /^(text\/html|application\/xhtml)/.test(headers['content-type'] ?? '');
}

/** What to say about a page where a file was expected. */
export const pageInstead =
  'a web page arrived instead of the file. A login page of this network or a proxy may be in the way';
