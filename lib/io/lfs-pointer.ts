import { open } from 'node:fs/promises';
import { CircuitTracerError } from '../errors';

/** Of a pointer, by https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md. */
const maxPointerBytes = 1024;
const firstLine = /^version https:\/\/(?:git-lfs|hawser)\.github\.com\/spec\//;

/**
 * Refuse the few lines of text that Git leaves in place of a large file when Git LFS hasn't fetched its content.
 *
 * @param size of the file
 * @throws CircuitTracerError `ERR_FILE_FORMAT`; what the file system throws.
 */
export async function refusePointer(path: string, size: number): Promise<void> {
  if (size === 0 || size > maxPointerBytes) return;
  const handle = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(maxPointerBytes), 0, maxPointerBytes, 0);
    const text = buffer.toString('latin1', 0, bytesRead);
    if (firstLine.test(text)) throw pointerError(path, /^size (\d+)$/m.exec(text)?.[1]);
  } finally {
    await handle.close();
  }
}

function pointerError(path: string, size: string | undefined): CircuitTracerError {
  const content = size === undefined ? 'the content' : `the ${size} bytes of its content`;
  return new CircuitTracerError(
    'ERR_FILE_FORMAT',
    `${path}: expected a file's content, found a Git LFS pointer to ${content}, which Git did not fetch. Run git lfs install and git lfs ` +
      'pull in its repository, or fetch it from the hub with circuit-tracer fetch.',
  );
}
