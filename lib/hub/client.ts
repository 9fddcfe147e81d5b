import { setTimeout as delay } from 'node:timers/promises';
import { CircuitTracerError } from '../errors';
import { checkJson } from '../json';
import { abortError, checkNotAborted } from '../validate';
import { connectionFailure, refusal } from './failures';
import type { HubSettings } from './settings';

const attempts = 5;
const connectionAttempts = 3;
/** The longest pause that the client waits for. When the hub asks for more, the request fails. */
const maxPauseMs = 60_000;
const answerWithinMs = 30_000;
/** The limit for small responses. The hub lists a few hundred files per page. */
const maxAnswerBytes = 2 ** 26;

/** No data arrived within the timeout. */
export class Silence extends Error {
  constructor(milliseconds: number) {
    super(`silent for ${milliseconds / 1000} s`);
  }
}

/**
 * Sends requests to the hub: adds the token for the hub's own origin, retries where that can help, and turns failures
 * into errors.
 */
export class HubClient {
  readonly #origin: string;

  constructor(
    readonly settings: HubSettings,
    readonly signal: AbortSignal | undefined,
  ) {
    if (!URL.canParse(settings.endpoint)) {
      throw new CircuitTracerError('ERR_INVALID_ARGUMENT', `HF_ENDPOINT must be a URL; found ${settings.endpoint}.`);
    }
    this.#origin = new URL(settings.endpoint).origin;
  }

  /** The same client, which another signal can also abort. */
  until(signal: AbortSignal): HubClient {
    return new HubClient(this.settings, this.signal ? AbortSignal.any([this.signal, signal]) : signal);
  }

  /** `fetch` for `@huggingface/hub`: small responses, read and checked before they are passed on. */
  readonly fetchSmall: typeof fetch = async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    for (let attempt = 1; ; attempt++) {
      const silence = new AbortController();
      const answer = await this.fetch(url, { ...init, signal: silence.signal });
      try {
        const text = await this.#whole(answer, silence);
        checkJson(text);
        return new Response(text, { status: answer.status, headers: answer.headers });
      } catch (error) {
        checkNotAborted(this.signal);
        if (attempt >= connectionAttempts || error instanceof SyntaxError) throw connectionFailure(error, url);
      }
    }
  };

  async #whole(answer: Response, silence: AbortController): Promise<string> {
    const { silenceMs } = this.settings;
    const restart = () => setTimeout(() => silence.abort(new Silence(silenceMs)), silenceMs);
    let timer = restart();
    try {
      const pieces: Uint8Array[] = [];
      let length = 0;
      for await (const piece of answer.body ?? []) {
        clearTimeout(timer);
        timer = restart();
        length += piece.length;
        if (length > maxAnswerBytes) throw new SyntaxError(`its response is longer than ${maxAnswerBytes} bytes`);
        pieces.push(piece);
      }
      return Buffer.concat(pieces).toString('utf8');
    } finally {
      clearTimeout(timer);
    }
  }

  /** `fetch` for downloads. Throws on any response other than success. */
  readonly fetch: typeof fetch = async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    const headers = new Headers(init?.headers);
    headers.set('accept-encoding', 'identity');
    // By the Fetch standard, a redirect to another origin drops this header.
    if (this.settings.token && url.origin === this.#origin)
      headers.set('authorization', `Bearer ${this.settings.token}`);
    for (let attempt = 1; ; attempt++) {
      const answer = await this.#answer(url, { ...init, headers }, attempt);
      if (answer?.ok) return answer;
      if (answer) await answer.body?.cancel();
      const pause = pauseBefore(attempt, answer);
      if (answer && (!mayPass(answer.status) || attempt === attempts || pause > maxPauseMs)) {
        throw refusal(answer, url, this.settings);
      }
      await delay(pause, undefined, { signal: this.signal }).catch(() => undefined);
      checkNotAborted(this.signal);
    }
  };

  /** Send one request. Undefined when the connection failed and a retry can help. */
  async #answer(url: URL, init: RequestInit, attempt: number): Promise<Response | undefined> {
    checkNotAborted(this.signal);
    const headersDue = new AbortController();
    const timer = setTimeout(
      () => headersDue.abort(new Error(`no response in ${answerWithinMs / 1000} s`)),
      answerWithinMs,
    );
    const signals = [this.signal, init.signal, headersDue.signal].filter((signal) => signal != null);
    try {
      return await fetch(url, { ...init, signal: AbortSignal.any(signals) });
    } catch (error) {
      if (this.signal?.aborted) throw abortError(this.signal);
      if (attempt >= connectionAttempts) throw connectionFailure(error, url);
      return undefined;
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Whether a failure is temporary: too many requests, or a server error. */
function mayPass(status: number): boolean {
  return status === 408 || status === 429 || status >= 500;
}

/** The pause before a retry: `Retry-After` (RFC 9110: seconds or a date), otherwise exponential from half a second. */
function pauseBefore(attempt: number, answer: Response | undefined): number {
  const asked = answer?.headers.get('retry-after');
  const seconds = asked ? Number(asked) : Number.NaN;
  if (seconds >= 0) return seconds * 1000;
  const date = asked ? Date.parse(asked) : Number.NaN;
  return Number.isNaN(date) ? 250 * 2 ** attempt : Math.max(0, date - Date.now());
}
