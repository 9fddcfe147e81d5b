import { createHash, type Hash } from 'node:crypto';

/** The revision of a file: a strong entity tag of its exact content, including quotes. */
export function revisionOf(bytes: Uint8Array): string {
  return tagOf(createHash('sha256').update(bytes));
}

/** @param digest the SHA-256 of the content */
export function tagOf(digest: Hash): string {
  return `"${digest.digest('hex').slice(0, 32)}"`;
}

/** The tag of the same content in a content encoding, which HTTP requires to be different. */
export function encodedTag(tag: string, encoding: string): string {
  return tag.replace(/"$/, `-${encoding}"`);
}

/** Whether two tags name the same content, regardless of encoding. */
export function sameContents(a: string, b: string): boolean {
  return plain(a) === plain(b);
}

function plain(tag: string): string {
  return tag
    .trim()
    .replace(/^W\//, '')
    .replaceAll('"', '')
    .replace(/-(br|gzip)$/, '');
}
