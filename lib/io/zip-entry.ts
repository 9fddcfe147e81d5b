import type { Entry } from 'yauzl';

const stored = 0;
const deflated = 8;
/** Deflate can't do better than 1032 to 1, so a larger claim is a lie. https://zlib.net/zlib_tech.html */
const maxDeflateRatio = 1032;

/**
 * Refuse an entry that can't be read, or lies about its size, before anything of it is.
 *
 * @returns whether it lies in the archive as it is
 * @throws Error in words that complete `the archive is damaged: `.
 */
export function checkZipEntry(entry: Entry, name = entry.fileName): boolean {
  const { compressionMethod, compressedSize, uncompressedSize } = entry;
  if (entry.isEncrypted()) throw new Error(`${name} is encrypted`);
  if (compressionMethod !== stored && compressionMethod !== deflated) {
    throw new Error(`${name} is compressed by method ${compressionMethod}; expected stored or deflated`);
  }
  if (compressionMethod === deflated && uncompressedSize > compressedSize * maxDeflateRatio) {
    throw new Error(`${name} claims ${uncompressedSize} bytes, impossible for ${compressedSize} compressed ones`);
  }
  return compressionMethod === stored;
}
