import { isSafePart } from '../io/file-within';

const wellFormed = /^(?:\/(?:[\w\-.~!$&'()*+,;=:@]|%[0-9A-Fa-f]{2})*)+$/;

/**
 * The decoded parts of a request target's path; none for `/`.
 *
 * @returns undefined for a spelling no page of ours uses: relative, absolute, badly or doubly encoded, with empty or hidden parts
 */
export function pathParts(target: string): string[] | undefined {
  const [path = ''] = target.split('?', 1);
  if (path === '/') return [];
  if (!wellFormed.test(path)) return undefined;
  try {
    const parts = path.slice(1).split('/').map(decodeURIComponent);
    return parts.every(isSafePart) ? parts : undefined;
  } catch {
    // Not UTF-8.
    return undefined;
  }
}

/** A parameter of a request target's query. */
export function queryParameter(target: string, name: string): string | undefined {
  const at = target.indexOf('?');
  return at < 0 ? undefined : (new URLSearchParams(target.slice(at + 1)).get(name) ?? undefined);
}
