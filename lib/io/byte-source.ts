import { type FileHandle, open } from 'node:fs/promises';
import { absolutePath } from './absolute-path';
import { readError, regularFile } from './files';

/** Bytes to read from: those of a file, or of an array. */
export interface ByteSource {
  /** For messages: the file's path, or what the array is. */
  readonly name: string;
  readonly size: number;
  /**
   * Fill `target` from a position on, as far as there are bytes.
   *
   * @returns how many were read
   */
  read(target: Uint8Array, position: number): Promise<number>;
  close(): Promise<void>;
}

/** @throws CircuitTracerError `ERR_FILE_NOT_FOUND`, `ERR_FILE_READ`, and what `regularFile` throws. */
export async function fileSource(path: string): Promise<ByteSource> {
  const name = absolutePath(path);
  const { size } = await regularFile(name);
  const failed = (error: unknown) => {
    throw readError(name, error);
  };
  const handle: FileHandle = await open(name, 'r').catch(failed);
  return {
    name,
    size,
    read: async (target, position) => (await handle.read(target, 0, target.length, position).catch(failed)).bytesRead,
    close: () => handle.close(),
  };
}

/** @param name of the bytes, for messages */
export function memorySource(name: string, bytes: Uint8Array): ByteSource {
  return {
    name,
    size: bytes.length,
    read: async (target, position) => {
      const found = bytes.subarray(position, position + target.length);
      target.set(found);
      return found.length;
    },
    close: async () => {},
  };
}
