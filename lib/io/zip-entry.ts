import type { Entry } from 'yauzl';

const stored = 0;
const deflated = 8;
/** Deflate compresses by at most 1032 to 1, so a larger ratio is false. https://zlib.net/zlib_tech.html */
const maxDeflateRatio = 1032;

/**
 * Reject an entry that cannot be read or declares a false size, before any of it is read.
 *
 * @returns whether the entry is stored without compression
 * @throws Error whose message completes `the archive is damaged: `.
 */
export function checkZipEntry(entry: Entry, name = entry.fileName): boolean {
  const { compressionMethod, compressedSize, uncompressedSize } = entry;
  if (entry.isEncrypted()) throw new Error(`${name} is encrypted`);
  if (compressionMethod !== stored && compressionMethod !== deflated) {
    throw new Error(
      `${name} has the compression method ${compressionMethod}, but only stored and deflated entries are supported`,
    );
  }
  if (compressionMethod === deflated && uncompressedSize > compressedSize * maxDeflateRatio) {
    throw new Error(
      `${name} declares ${uncompressedSize} bytes, which is impossible for ${compressedSize} compressed bytes`,
    );
  }
  return compressionMethod === stored;
}
