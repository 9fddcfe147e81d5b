import { open } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { CircuitTracerError } from '../errors';
import { checkNotAborted } from '../validate';
import { readError } from './files';
import type { FileChecksum, TensorSource } from './tensor-source';

/** A piece takes about a millisecond to checksum. */
const pieceBytes = 2 ** 20;

/**
 * Verify the tensors that have a checksum, reading each range of bytes once.
 *
 * @throws CircuitTracerError `ERR_FILE_FORMAT` naming the tensor whose bytes are damaged, `ERR_FILE_READ`, `ABORT_ERR`.
 */
export async function checkChecksums(sources: Iterable<TensorSource>, signal?: AbortSignal): Promise<void> {
  const checked = new Set<string>();
  for (const { name, checksum } of sources) {
    if (!checksum) continue;
    const key = `${checksum.start} ${checksum.file}`;
    if (checked.has(key)) continue;
    checked.add(key);
    if ((await computeChecksum(checksum, signal)) === checksum.crc32) continue;
    throw new CircuitTracerError(
      'ERR_FILE_FORMAT',
      `${name}: the checksum does not match, so the file is damaged. Download or save it again.`,
    );
  }
}

async function computeChecksum({ file, start, end }: FileChecksum, signal: AbortSignal | undefined): Promise<number> {
  try {
    await using handle = await open(file, 'r');
    const piece = Buffer.allocUnsafe(Math.min(pieceBytes, end - start));
    let sum = 0;
    for (let at = start; at < end; ) {
      checkNotAborted(signal);
      const { bytesRead } = await handle.read(piece, 0, Math.min(piece.length, end - at), at);
      if (bytesRead === 0) break;
      sum = crc32(piece.subarray(0, bytesRead), sum);
      at += bytesRead;
    }
    return sum;
  } catch (error) {
    throw readError(file, error);
  }
}
