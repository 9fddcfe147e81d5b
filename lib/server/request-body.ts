import type { IncomingMessage } from 'node:http';
import { isObject } from '../is-object';
import { parseJson } from '../json';
import { ByteBudget } from './byte-budget';
import { Problem } from './problem';

/**
 * Read the JSON object in the body of a request.
 *
 * @throws Problem 413 for more than `maxBytes`, 415 when it is not declared as JSON, which a form on another site
 * cannot do without a preflight request; 400 when it is not a JSON object.
 */
export async function jsonBody(incoming: IncomingMessage, maxBytes: number): Promise<Record<string, unknown>> {
  if (!/^application\/json\s*(?:;|$)/i.test(incoming.headers['content-type'] ?? '')) {
    throw new Problem(415, 'ERR_MEDIA_TYPE', 'The body must be JSON, sent with content-type: application/json.');
  }
  const bytes = await wholeBody(incoming, maxBytes);
  try {
    const value = parseJson(new TextDecoder('utf-8', { fatal: true }).decode(bytes), bodyLimits);
    if (isObject(value)) return value;
  } catch {
    // Invalid JSON is reported below.
  }
  throw new Problem(400, 'ERR_BAD_REQUEST', 'The body must be a JSON object, nested at most 50 deep.');
}

/**
 * The limits for a view, which nests four deep. One of 10,000 nodes with labels and positions takes a few megabytes.
 */
const bodyLimits = { maxDepth: 50, maxMemory: 2 ** 26 };

/** The memory of incoming requests. Small requests are always accepted. */
const bodiesInMemory = new ByteBudget(2 ** 29);
const smallBody = 2 ** 16;

async function wholeBody(incoming: IncomingMessage, maxBytes: number): Promise<Buffer> {
  if (Number(incoming.headers['content-length'] ?? 0) > maxBytes) throw tooLarge(maxBytes);
  const taken: (() => void)[] = [];
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    // The connection must stay open for the response.
    for await (const chunk of incoming.iterator({ destroyOnReturn: false })) {
      size += (chunk as Buffer).length;
      if (size > maxBytes) throw tooLarge(maxBytes);
      if (size > smallBody) taken.push(bodiesInMemory.take((chunk as Buffer).length));
      chunks.push(chunk as Buffer);
    }
  } catch (error) {
    throw error instanceof Problem ? error : new Problem(400, 'ERR_BAD_REQUEST', 'The request body was truncated.');
  } finally {
    for (const giveBack of taken) giveBack();
  }
  return Buffer.concat(chunks);
}

function tooLarge(maxBytes: number): Problem {
  return new Problem(413, 'ERR_TOO_LARGE', `The body must be at most ${maxBytes} bytes.`);
}
