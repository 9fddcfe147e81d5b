import { open } from 'node:fs/promises';
import { CircuitTracerError } from '../errors';

/** The maximum size of a pointer, by https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md. */
const maxPointerBytes = 1024;
const firstLine = /^version https:\/\/(?:git-lfs|hawser)\.github\.com\/spec\//;

/**
 * Reject a Git LFS pointer: the few lines of text that replace a large file until Git LFS downloads its content.
 *
 * @param size the size of the file
 * @throws CircuitTracerError `ERR_FILE_FORMAT`; errors of the file system.
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
    `${path}: expected the content of the file, found a Git LFS pointer to ${content}. Run git lfs install and git lfs ` +
      'pull in its repository, or download it from the hub with circuit-tracer fetch.',
  );
}
