import { type FileHandle, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CircuitTracerError } from '../errors';
import { readError, regularFile } from '../io/files';

export const indexFile = 'index.json.gz';

/** The limit for the index, packed or unpacked. The unpacked index of 16 million features takes 170 MB. */
export const largestIndex = 256 * 2 ** 20;

/** The source of the files of packed features. */
export interface PackedSource {
  readonly folder: string;
  /** The name of a file in messages. */
  nameOf(filename: string): string;
  /** Read the whole index file. */
  index(): Promise<Buffer>;
  /** Read bytes `start` to `end - 1` of a file, or fewer at its end. */
  range(filename: string, start: number, end: number): Promise<Buffer>;
  /** Close the files. May be called more than once. */
  close(): Promise<void>;
}

/** A local folder. Files stay open between reads. */
export class FolderSource implements PackedSource {
  readonly folder: string;
  readonly #files = new Map<string, Promise<FileHandle>>();

  constructor(folder: string) {
    this.folder = folder;
  }

  nameOf(filename: string): string {
    return join(this.folder, filename);
  }

  async index(): Promise<Buffer> {
    const path = this.nameOf(indexFile);
    const { size } = await regularFile(path);
    if (size > largestIndex) {
      throw new CircuitTracerError(
        'ERR_FILE_FORMAT',
        `${path}: expected at most ${largestIndex} bytes, found ${size}.`,
      );
    }
    return readFile(path).catch((error) => {
      throw readError(path, error);
    });
  }

  async range(filename: string, start: number, end: number): Promise<Buffer> {
    const file = await this.#file(this.nameOf(filename));
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(end - start), 0, end - start, start);
      return buffer.subarray(0, bytesRead);
    } catch (error) {
      throw readError(this.nameOf(filename), error);
    }
  }

  async close(): Promise<void> {
    const files = [...this.#files.values()];
    this.#files.clear();
    await Promise.allSettled(files.map(async (file) => (await file).close()));
  }

  async #file(path: string): Promise<FileHandle> {
    const file = this.#files.get(path) ?? regularFile(path).then(() => open(path));
    this.#files.set(path, file);
    try {
      return await file;
    } catch (error) {
      this.#files.delete(path);
      throw readError(path, error);
    }
  }
}
