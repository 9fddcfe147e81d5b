import { Problem } from '../problem';
import type { ByteRange } from '../range';

const patienceMs = 30_000;
const mostRedirects = 3;

/**
 * A file of the hub, or part of it. Large files lie elsewhere than on the hub itself; its redirects are followed to
 * encrypted addresses only.
 *
 * @param most bytes to take
 * @throws Problem 404 when the hub doesn't have it, 502 when it fails or answers something else.
 */
export async function fetchBytes(url: string, { most, range }: { most: number; range?: ByteRange }): Promise<Buffer> {
  const headers: Record<string, string> = range ? { range: `bytes=${range.start}-${range.end}` } : {};
  try {
    const response = await follow(new URL(url), headers, AbortSignal.timeout(patienceMs));
    if (response.status === (range ? 206 : 200)) return await read(response, most, url);
    await response.body?.cancel();
    // What is private isn't told from what isn't there.
    throw [401, 403, 404].includes(response.status) ? absent(url) : failed(url, `it answered ${response.status}`);
  } catch (error) {
    throw error instanceof Problem ? error : failed(url, (error as Error).message);
  }
}

async function follow(
  url: URL,
  headers: Record<string, string>,
  signal: AbortSignal,
  left = mostRedirects,
): Promise<Response> {
  const response = await fetch(url, { headers, signal, redirect: 'manual' });
  const location = response.status >= 300 && response.status < 400 ? response.headers.get('location') : null;
  if (location === null) return response;
  await response.body?.cancel();
  const next = new URL(location, url);
  if (left === 0 || (next.protocol !== 'https:' && next.origin !== url.origin))
    throw failed(url.href, 'it sent us astray');
  return follow(next, headers, signal, left - 1);
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

function absent(url: string): Problem {
  return new Problem(404, 'ERR_NO_FEATURES', `The hub has no features of these transcoders: there is no ${url}.`);
}

function failed(url: string, reason: string): Problem {
  return new Problem(502, 'ERR_UPSTREAM', `${url} can't be had: ${reason}.`);
}
