import type { CallOptions } from '../../call-options';
import { CircuitTracerError } from '../../errors';
import { abortError } from '../../validate';

const patienceMs = 30_000;
const maxRedirects = 3;

export interface FetchBytesOptions extends Pick<CallOptions, 'signal'> {
  /** The maximum number of bytes. */
  readonly most: number;
  /** The byte range of the file, including the end. */
  readonly range?: { readonly start: number; readonly end: number };
  /** The JSON to post. */
  readonly body?: unknown;
}

/**
 * Download a file, or part of one, from the hub or another server, or post data and return the response. The hub
 * redirects to other servers for large files. Redirects are followed only to encrypted URLs.
 *
 * @throws CircuitTracerError `ERR_HUB_NOT_FOUND` when the server does not have it; `ERR_HUB` when the server fails,
 * does not respond within 30 seconds, or sends an unexpected response; `ABORT_ERR`.
 */
export async function fetchBytes(url: string, { most, range, body, signal }: FetchBytesOptions): Promise<Buffer> {
  const request: RequestInit = {
    headers: {
      ...(range && { range: `bytes=${range.start}-${range.end}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
    signal: AbortSignal.any([AbortSignal.timeout(patienceMs), ...(signal ? [signal] : [])]),
  };
  try {
    const response = await follow(new URL(url), request);
    if (response.status === (range ? 206 : 200)) return await read(response, most, url);
    await response.body?.cancel();
    // Servers do not distinguish private files from missing ones.
    throw [401, 403, 404].includes(response.status) ? absent(url) : failed(url, `HTTP status ${response.status}`);
  } catch (error) {
    if (signal?.aborted) throw abortError(signal);
    throw error instanceof CircuitTracerError ? error : failed(url, (error as Error).message);
  }
}

async function follow(url: URL, request: RequestInit, left = maxRedirects): Promise<Response> {
  const response = await fetch(url, { ...request, redirect: 'manual' });
  const location = response.status >= 300 && response.status < 400 ? response.headers.get('location') : null;
  if (location === null) return response;
  await response.body?.cancel();
  const next = new URL(location, url);
  if (left === 0 || (next.protocol !== 'https:' && next.origin !== url.origin))
    throw failed(url.href, 'too many or invalid redirects');
  return follow(next, request, left - 1);
}

async function read(response: Response, most: number, url: string): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > most) throw failed(url, `the response is longer than ${most} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function absent(url: string): CircuitTracerError {
  return new CircuitTracerError(
    'ERR_HUB_NOT_FOUND',
    `There are no features for these transcoders: ${url} does not exist.`,
  );
}

function failed(url: string, reason: string): CircuitTracerError {
  return new CircuitTracerError('ERR_HUB', `${url} cannot be downloaded: ${reason}.`);
}
