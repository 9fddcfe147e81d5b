import { PassThrough, type Readable } from 'node:stream';
import { RandomAccessReader } from 'yauzl';

/** Reads a zip from bytes that are fetched on demand. Only its directory can be read, not its entries. */
export class RangeReader extends RandomAccessReader {
  /** @param bytesAt the bytes from a position of the archive on */
  constructor(private readonly bytesAt: (position: number, length: number) => Promise<Buffer>) {
    super();
  }

  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null, bytesRead?: number) => void,
  ): void {
    this.bytesAt(position, length).then(
      (bytes) => setImmediate(callback, null, bytes.copy(buffer, offset, 0, length)),
      (error: Error) => setImmediate(callback, error),
    );
  }

  override createReadStream(): Readable {
    return new PassThrough().destroy(new Error('only the directory of this archive can be read'));
  }

  override close(callback: (error: Error | null) => void): void {
    setImmediate(callback, null);
  }
}
