import { open } from 'node:fs/promises';
import { absolutePath } from '../absolute-path';
import { regularFile } from '../files';
import { isLegacyTorchFile, openLegacyTorchFile } from './legacy-torch-file';
import { openTorchArchive } from './torch-archive';
import { type TorchFile, torchFileError } from './torch-file';

/**
 * Open a file written by `torch.save`, as a zip archive or in the legacy format, without running any of its code. The
 * caller must close it.
 *
 * @param records `module.name` of the classes that become records; others are rejected
 * @throws CircuitTracerError `ERR_FILE_NOT_FOUND`, `ERR_FILE_READ`; `ERR_FILE_FORMAT` for a damaged file, or one that
 * references an unlisted class or opcode, which the message names.
 */
export async function openTorchFile(file: string, records: ReadonlySet<string>): Promise<TorchFile> {
  const path = absolutePath(file);
  await regularFile(path);
  try {
    const start = await firstBytes(path);
    return await (isLegacyTorchFile(start) ? openLegacyTorchFile(path, records) : openTorchArchive(path, records));
  } catch (error) {
    throw torchFileError(path, error);
  }
}

async function firstBytes(path: string): Promise<Buffer> {
  const handle = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(16), 0, 16, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
