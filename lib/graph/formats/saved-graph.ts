import { open, stat } from 'node:fs/promises';
import { extname } from 'node:path';
import type { ResolvedCallOptions } from '../../call-options';
import { CircuitTracerError } from '../../errors';
import { fileExists } from '../../io/files';
import { type MovedBytes, movedBytes } from '../../io/moved-bytes';
import { isLegacyTorchFile } from '../../io/torch/legacy-torch-file';
import { checkText } from '../../validate';
import type { GraphData } from '../graph-data';
import { readPytorchGraph, type TokenText } from './pytorch-read';
import { writePytorchGraph } from './pytorch-write';
import { loadGraphData, saveGraphData } from './safetensors';

type Writer = (path: string, data: GraphData, call: ResolvedCallOptions) => Promise<void>;

const writers: Readonly<Record<string, Writer>> = {
  '.safetensors': saveGraphData,
  '.pt': writePytorchGraph,
};

/** The file extensions for a whole graph. */
export const graphExtensions = Object.keys(writers);

/**
 * @throws CircuitTracerError `ERR_INVALID_ARGUMENT` for another extension, or for content that the format cannot hold;
 * `ERR_FILE_WRITE`; `ABORT_ERR`.
 */
export async function saveGraph(path: string, data: GraphData, call: ResolvedCallOptions): Promise<void> {
  const write = writers[extname(checkText(path, 'path'))];
  if (write) return write(path, data, call);
  throw new CircuitTracerError(
    'ERR_INVALID_ARGUMENT',
    `path must end in ${graphExtensions.join(' or ')}; found '${path}'.`,
  );
}

/**
 * Read a saved graph of either format. The first bytes of the file determine the format.
 *
 * @param textOf for tokens whose text is not in the file
 * @throws CircuitTracerError `ERR_FILE_NOT_FOUND`, `ERR_FILE_READ`, `ERR_FILE_FORMAT`, `ABORT_ERR`.
 */
export async function loadGraph(path: string, call: ResolvedCallOptions, textOf?: TokenText): Promise<GraphData> {
  const start = await firstBytes(checkText(path, 'path'));
  const { size } = await stat(path).catch(() => ({ size: 0 }));
  const moved = movedBytes('load', size, call);
  const data = await readGraph(path, start, moved, textOf);
  moved.end();
  return data;
}

async function readGraph(path: string, start: Buffer, moved: MovedBytes, textOf?: TokenText): Promise<GraphData> {
  if (isSafetensors(start)) return loadGraphData(path, moved);
  const magic = start.toString('latin1');
  if (magic.startsWith('PK') || isLegacyTorchFile(start)) return readPytorchGraph(path, moved, textOf);
  if (magic.startsWith('{')) throw notWhole(path, 'JSON, such as a graph file for the page');
  if (magic.startsWith('\x80')) throw notWhole(path, 'a pickle that torch.save did not write');
  return loadGraphData(path, moved);
}

/**
 * A safetensors file begins with the length of its header, at most 100 MB, followed by the header, which is JSON. The
 * first bytes of other formats, read as a length, are far larger or are not followed by JSON.
 */
function isSafetensors(start: Buffer): boolean {
  return start.length > 8 && start.readBigUInt64LE() <= 100_000_000n && start.toString('latin1', 8, 9) === '{';
}

/** The first bytes. Empty when the file cannot be read, which its reader then reports. */
async function firstBytes(path: string): Promise<Buffer> {
  // Opening a named pipe would wait for a writer.
  if (!(await fileExists(path))) return Buffer.alloc(0);
  try {
    const file = await open(path);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(16), 0, 16, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  } catch {
    return Buffer.alloc(0);
  }
}

function notWhole(path: string, found: string): CircuitTracerError {
  return new CircuitTracerError(
    'ERR_FILE_FORMAT',
    `Expected ${path} to be a whole graph, saved as ${graphExtensions.join(' or ')}; found ${found}. Graph files are pruned. ` +
      'They lack the other features, edges and errors, so they cannot be converted to a whole graph.',
  );
}
