import { type FileHandle, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseJson } from '../json';
import { checkSpace } from './archive';
import { fileSize, writeError } from './download';
import { withoutCredentials } from './http-client';
import { checkPart, NoRangesError, type Range, type RemoteDirectory, type RemoteOptions } from './remote-zip';
import { attemptOnce, BrokenError, persistently } from './transfer';

export interface RangesOptions extends RemoteOptions {
  /** The path of the result. */
  readonly file: string;
  readonly directory: RemoteDirectory;
  readonly ranges: readonly Range[];
  /** Called with the bytes of the ranges done so far and their total. */
  readonly onBytes?: (done: number, total: number) => void;
}

/**
 * Download parts of a file to their places in a file that is empty elsewhere. They are written in order, so that the
 * size of the unfinished file `<file>.ranges` tells how far an interrupted download came. It goes on from there if the
 * server still has a zip with the same directory.
 *
 * @throws NoRangesError; UnavailableError; CircuitTracerError `ERR_FILE_WRITE`, `ABORT_ERR`.
 */
export async function downloadRanges(options: RangesOptions): Promise<void> {
  const { file, directory, ranges, signal } = options;
  const part = `${file}.ranges`;
  if (!(await isBeginning(part, directory))) await begin(part, directory);
  const progress = () => fileSize(part);
  const url = withoutCredentials(options.url);
  const total = lengthOf(ranges);
  const missing = total - lengthOf(ranges, await progress());
  await checkSpace(path.dirname(part), missing, 'The download of LibTorch');
  for (const range of ranges) {
    await persistently({ url, signal, progress }, () => fetchRange(options, range, part, total));
  }
  await rename(part, file);
  await rm(noteFile(part), { force: true });
}

/** The bytes of ranges, in all or before a place in the file. */
function lengthOf(ranges: readonly Range[], before = Number.POSITIVE_INFINITY): number {
  return ranges.reduce((sum, { start, end }) => sum + Math.max(0, Math.min(end, before) - start), 0);
}

async function fetchRange(options: RangesOptions, range: Range, part: string, total: number): Promise<void> {
  const { url, client, signal, directory, ranges, onBytes } = options;
  const start = Math.max(range.start, await fileSize(part));
  if (start >= range.end) return;
  const shown = withoutCredentials(url);
  const headers = { range: `bytes=${start}-${range.end - 1}` };
  await attemptOnce({ client, url, shown, headers, signal, isResumed: true }, async (answer, pieces) => {
    checkPart(answer, { start, end: range.end }, directory.size);
    const end = await writeAt(part, start, range.end, pieces, (at) => onBytes?.(lengthOf(ranges, at), total));
    if (end !== range.end) throw new BrokenError(`only ${end - start} of ${range.end - start} bytes arrived`);
  });
}

async function writeAt(
  part: string,
  start: number,
  end: number,
  pieces: AsyncIterable<Buffer>,
  onReach: (at: number) => void,
): Promise<number> {
  const handle = await open(part, 'r+').catch((error) => {
    throw writeError(error, part);
  });
  let at = start;
  try {
    for await (const piece of pieces) {
      if (at + piece.length > end) throw new NoRangesError('the server sent more than was asked for');
      await writeAll(handle, piece, at, part);
      at += piece.length;
      onReach(at);
    }
    return at;
  } finally {
    await handle.close();
  }
}

async function writeAll(handle: FileHandle, bytes: Buffer, position: number, part: string): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await handle
      .write(bytes, done, bytes.length - done, position + done)
      .catch((error: unknown) => {
        throw writeError(error, part);
      });
    done += bytesWritten;
  }
}

const noteFile = (part: string): string => `${part}.json`;

/** Whether a file is the beginning of parts of the zip with this directory. */
async function isBeginning(part: string, { sha256, size }: RemoteDirectory): Promise<boolean> {
  try {
    const note = parseJson(await readFile(noteFile(part), 'utf8')) as { directory: string; size: number };
    return note.directory === sha256 && note.size === size && (await fileSize(part)) <= size;
  } catch {
    return false;
  }
}

async function begin(part: string, { sha256, size }: RemoteDirectory): Promise<void> {
  try {
    await writeFile(part, '');
    await writeFile(noteFile(part), JSON.stringify({ directory: sha256, size }));
  } catch (error) {
    throw writeError(error, part);
  }
}
