import { read } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { fromRandomAccessReaderPromise, RandomAccessReader, type ZipFile } from 'yauzl';

const pieceBytes = 2 ** 18;

/**
 * Open a zip archive to read it entry by entry. The caller must close it.
 *
 * @throws Error of the file system, or of yauzl with a message that completes `the archive is damaged: `.
 */
export async function openZip(path: string): Promise<ZipFile> {
  const handle = await open(path, 'r');
  try {
    const { size } = await handle.stat();
    return await fromRandomAccessReaderPromise(new BoundedReader(handle, size), size, { autoClose: false });
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/**
 * Reads only within the file. yauzl's own reader accepts any offset of a damaged archive. Where an offset exceeds the
 * range of Node, Node throws from a callback and ends the process.
 */
class BoundedReader extends RandomAccessReader {
  readonly #handle: FileHandle;
  readonly #size: number;

  constructor(handle: FileHandle, size: number) {
    super();
    this.#handle = handle;
    this.#size = size;
  }

  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null, bytesRead?: number) => void,
  ): void {
    if (position >= 0 && position + length <= this.#size)
      read(this.#handle.fd, buffer, offset, length, position, callback);
    else setImmediate(callback, new Error(`it references byte ${position}, but the file has only ${this.#size} bytes`));
  }

  override createReadStream({ start, end }: { start: number; end: number }): Readable {
    return Readable.from(this.#pieces(start, end), { objectMode: false });
  }

  /** A stream of the handle is not used, because it would close the handle at its end. */
  async *#pieces(start: number, end: number): AsyncIterable<Buffer> {
    for (let at = start; at < end; ) {
      const length = Math.min(pieceBytes, end - at);
      const { buffer, bytesRead } = await this.#handle.read(Buffer.allocUnsafe(length), 0, length, at);
      if (bytesRead === 0) throw new Error('the file was truncated while it was read');
      yield buffer.subarray(0, bytesRead);
      at += bytesRead;
    }
  }

  override close(callback: (error: Error | null) => void): void {
    this.#handle.close().then(() => callback(null), callback);
  }
}
