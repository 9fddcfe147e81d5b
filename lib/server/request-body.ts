import type { IncomingMessage } from 'node:http';
import { isObject } from '../is-object';
import { parseJson } from '../json';
import { ByteBudget } from './byte-budget';
import { Problem } from './problem';

/**
 * The JSON object a request brings.
 *
 * @throws Problem 413 for more than `maxBytes`, 415 when it isn't declared as JSON, which a form of another site can't do
 *   without being asked first; 400 when it is none.
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
    // Told below.
  }
  throw new Problem(400, 'ERR_BAD_REQUEST', 'The body must be a JSON object, nested at most 50 deep.');
}

/** A view nests four deep; one of 10,000 nodes with labels and places takes some megabytes. */
const bodyLimits = { maxDepth: 50, maxMemory: 2 ** 26 };

/** Of requests that are on their way. Small ones are let in, whatever others send. */
const bodiesInMemory = new ByteBudget(2 ** 29);
const smallBody = 2 ** 16;

async function wholeBody(incoming: IncomingMessage, maxBytes: number): Promise<Buffer> {
  if (Number(incoming.headers['content-length'] ?? 0) > maxBytes) throw tooLarge(maxBytes);
  const taken: (() => void)[] = [];
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    // The connection must live on for the answer.
    for await (const chunk of incoming.iterator({ destroyOnReturn: false })) {
      size += (chunk as Buffer).length;
      if (size > maxBytes) throw tooLarge(maxBytes);
      if (size > smallBody) taken.push(bodiesInMemory.take((chunk as Buffer).length));
      chunks.push(chunk as Buffer);
    }
  } catch (error) {
    throw error instanceof Problem ? error : new Problem(400, 'ERR_BAD_REQUEST', 'The body ended before its time.');
  } finally {
    for (const giveBack of taken) giveBack();
  }
  return Buffer.concat(chunks);
}

function tooLarge(maxBytes: number): Problem {
  return new Problem(413, 'ERR_TOO_LARGE', `The body must be at most ${maxBytes} bytes.`);
}
