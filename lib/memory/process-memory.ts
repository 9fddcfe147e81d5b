import { stat } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Resident memory of a process that has loaded this package, LibTorch's CPU build and a model of no size: 62 MB of Node and
 * the package, 103 MB of libraries, 14 MB that LibTorch's first products and threads take. Measured on Linux x64 with
 * LibTorch 2.13; a CUDA build takes more.
 */
export const processBytes = 188e6;

/** Of memory for a byte of tokenizer.json, once it has become tables; measured on 3 to 25 MB of vocabulary and merges. */
const tokenizerFactor = 12;

/** What the tokenizer in a model folder takes; 0 where there is none. */
export async function tokenizerBytes(folder: string): Promise<number> {
  const found = await stat(join(folder, 'tokenizer.json')).catch(() => undefined);
  return (found?.size ?? 0) * tokenizerFactor;
}
