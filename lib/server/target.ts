import { isSafePart } from '../io/file-within';

const wellFormed = /^(?:\/(?:[\w\-.~!$&'()*+,;=:@]|%[0-9A-Fa-f]{2})*)+$/;

/**
 * The decoded parts of the path of a request target; empty for `/`.
 *
 * @returns undefined for an invalid target: relative, absolute, badly or doubly encoded, or with empty or hidden parts
 */
export function pathParts(target: string): string[] | undefined {
  const [path = ''] = target.split('?', 1);
  if (path === '/') return [];
  if (!wellFormed.test(path)) return undefined;
  try {
    const parts = path.slice(1).split('/').map(decodeURIComponent);
    return parts.every(isSafePart) ? parts : undefined;
  } catch {
    // The path is not UTF-8.
    return undefined;
  }
}

/** A parameter in the query of a request target. */
export function queryParameter(target: string, name: string): string | undefined {
  const at = target.indexOf('?');
  return at < 0 ? undefined : (new URLSearchParams(target.slice(at + 1)).get(name) ?? undefined);
}
