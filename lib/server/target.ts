const wellFormed = /^(?:\/(?:[\w\-.~!$&'()*+,;=:@]|%[0-9A-Fa-f]{2})*)+$/;

/** Separators, drives and streams of some file systems, control characters, and what a second decoding would change. */
const unsafe = /[\\/:\p{Cc}]|%[0-9A-Fa-f]{2}/u;

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

/** Whether a name in a path stays in its folder on every system, and isn't hidden. */
export function isSafePart(part: string): boolean {
  return part !== '' && !part.startsWith('.') && !unsafe.test(part);
}

/** A parameter of a request target's query. */
export function queryParameter(target: string, name: string): string | undefined {
  const at = target.indexOf('?');
  return at < 0 ? undefined : (new URLSearchParams(target.slice(at + 1)).get(name) ?? undefined);
}
