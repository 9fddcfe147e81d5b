import { refuse, text } from './refuse';

/** The darts-clone trie of SentencePiece, in units of 32 bits. */
class DoubleArray {
  readonly #units: Uint32Array;

  constructor(units: Uint32Array) {
    this.#units = units;
  }

  /** The value of the longest prefix of the bytes in the trie. */
  longestPrefix(bytes: Uint8Array): number | undefined {
    let position = 0;
    let unit = this.#units[0] ?? 0;
    position ^= offset(unit);
    let found: number | undefined;
    for (const byte of bytes) {
      if (byte === 0) break;
      position ^= byte;
      unit = this.#units[position] ?? 0;
      if ((unit & 0x800000ff) >>> 0 !== byte) return found;
      position ^= offset(unit);
      if ((unit >>> 8) & 1) found = (this.#units[position] ?? 0) & 0x7fffffff;
    }
    return found;
  }
}

const offset = (unit: number): number => (unit >>> 10) << ((unit & 512) >>> 6);

const utf8 = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/**
 * The compiled normaliser of SentencePiece: a trie of the texts to replace, and the zero-terminated replacements.
 *
 * A grapheme of less than 6 bytes is looked up as a whole, and then each of its characters.
 */
export function precompiled(given: unknown, name: string): (text: string) => string {
  const bytes = Buffer.from(text(given, name), 'base64');
  const size = bytes.length >= 4 ? bytes.readUInt32LE(0) : -1;
  if (size < 4 || size % 4 !== 0 || 4 + size > bytes.length)
    throw refuse(`${name} must be a SentencePiece character map.`);
  const units = Uint32Array.from({ length: size / 4 }, (_, i) => bytes.readUInt32LE(4 + 4 * i));
  const trie = new DoubleArray(units);
  const replacements = bytes.subarray(4 + size);
  const replaced = (part: string): string | undefined => {
    const at = trie.longestPrefix(utf8.encode(part));
    if (at === undefined || at >= replacements.length) return undefined;
    const end = replacements.indexOf(0, at);
    return decoder.decode(replacements.subarray(at, end < 0 ? replacements.length : end));
  };
  const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });
  return (plain) => {
    let out = '';
    for (const { segment } of graphemes.segment(plain)) {
      const whole = Buffer.byteLength(segment) < 6 ? replaced(segment) : undefined;
      out += whole ?? Array.from(segment, (character) => replaced(character) ?? character).join('');
    }
    return out;
  };
}
