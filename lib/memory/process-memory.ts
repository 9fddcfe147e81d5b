import { stat } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * The resident memory of a process that has loaded this package, LibTorch's CPU build and an empty model: 62 MB for
 * Node and the package, 103 MB for libraries, and 14 MB for LibTorch's first matrix products and threads. Measured on
 * Linux x64 with LibTorch 2.13. A CUDA build takes more.
 */
export const processBytes = 188e6;

/** The memory of the tables in bytes per byte of tokenizer.json. Measured on 3 to 25 MB of vocabulary and merges. */
const tokenizerFactor = 12;

/** The memory of the tokenizer in a model folder; 0 when there is none. */
export async function tokenizerBytes(folder: string): Promise<number> {
  const found = await stat(join(folder, 'tokenizer.json')).catch(() => undefined);
  return (found?.size ?? 0) * tokenizerFactor;
}
