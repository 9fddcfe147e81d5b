import type { CallOptions } from '../../call-options';
import { CircuitTracerError } from '../../errors';
import { abortError } from '../../validate';

const patienceMs = 30_000;
const mostRedirects = 3;

export interface FetchBytesOptions extends Pick<CallOptions, 'signal'> {
  /** Bytes to take. */
  readonly most: number;
  /** Of the file, the end included. */
  readonly range?: { readonly start: number; readonly end: number };
  /** JSON to post. */
  readonly body?: unknown;
}

/**
 * A file of the hub or of another server, or part of it; or the answer to what is posted. Large files lie elsewhere than on the
 * hub itself; redirects are followed to encrypted addresses only.
 *
 * @throws CircuitTracerError `ERR_HUB_NOT_FOUND` when the server doesn't have it, `ERR_HUB` when it fails, doesn't answer within
 * 30 seconds, or answers something else; `ABORT_ERR`.
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
    // What is private isn't told from what isn't there.
    throw [401, 403, 404].includes(response.status) ? absent(url) : failed(url, `it answered ${response.status}`);
  } catch (error) {
    if (signal?.aborted) throw abortError(signal);
    throw error instanceof CircuitTracerError ? error : failed(url, (error as Error).message);
  }
}

async function follow(url: URL, request: RequestInit, left = mostRedirects): Promise<Response> {
  const response = await fetch(url, { ...request, redirect: 'manual' });
  const location = response.status >= 300 && response.status < 400 ? response.headers.get('location') : null;
  if (location === null) return response;
  await response.body?.cancel();
  const next = new URL(location, url);
  if (left === 0 || (next.protocol !== 'https:' && next.origin !== url.origin))
    throw failed(url.href, 'it sent us astray');
  return follow(next, request, left - 1);
}

async function read(response: Response, most: number, url: string): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > most) throw failed(url, `it sent more than ${most} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function absent(url: string): CircuitTracerError {
  return new CircuitTracerError('ERR_HUB_NOT_FOUND', `There are no features of these transcoders: there is no ${url}.`);
}

function failed(url: string, reason: string): CircuitTracerError {
  return new CircuitTracerError('ERR_HUB', `${url} can't be had: ${reason}.`);
}
