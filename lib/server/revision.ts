import { createHash, type Hash } from 'node:crypto';

/** Names the exact contents of a file: a strong entity tag, quotes included. */
export function revisionOf(bytes: Uint8Array): string {
  return tagOf(createHash('sha256').update(bytes));
}

/** @param digest SHA-256 of the contents */
export function tagOf(digest: Hash): string {
  return `"${digest.digest('hex').slice(0, 32)}"`;
}

/** The tag of the same contents in a content encoding; HTTP wants another one. */
export function encodedTag(tag: string, encoding: string): string {
  return tag.replace(/"$/, `-${encoding}"`);
}

/** Whether two tags name the same contents, whichever encodings they were sent in. */
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
