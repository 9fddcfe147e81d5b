import { Inflate } from 'fflate';
import { parseJson } from '../json';
import { isObject, type Json } from './json-values';

/** The maximum size of its JSON in bytes. */
const maxViewBytes = 2 ** 24;
/** The number of characters to inflate at once. They expand to at most about 1000 times as many bytes. */
const step = 2 ** 12;

/**
 * Unpack a view that this package's page packed into a URL as deflated JSON in base64url.
 *
 * @returns undefined for a text that is not a view, or a view larger than 16 MiB
 */
export function unpackView(packed: string): Json | undefined {
  try {
    const binary = atob(packed.replaceAll('-', '+').replaceAll('_', '/'));
    const view = parseJson(new TextDecoder().decode(inflate(binary)));
    return isObject(view) ? view : undefined;
  } catch {
    return undefined;
  }
}

/** @throws Error for data that is not deflated or too large. */
function inflate(binary: string): Uint8Array {
  const parts: Uint8Array[] = [];
  let size = 0;
  const stream = new Inflate((part) => {
    size += part.length;
    if (size > maxViewBytes) throw new RangeError(`more than ${maxViewBytes} bytes`);
    parts.push(part.slice());
  });
  for (let at = 0; at < binary.length; at += step) {
    const piece = Uint8Array.from(binary.slice(at, at + step), (character) => character.charCodeAt(0));
    stream.push(piece, at + step >= binary.length);
  }
  const all = new Uint8Array(size);
  let end = 0;
  for (const part of parts) {
    all.set(part, end);
    end += part.length;
  }
  return all;
}
