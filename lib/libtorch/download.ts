import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import type { CallOptions } from '../call-options';
import { CircuitTracerError } from '../errors';
import { parseJson } from '../json';
import { log } from '../log';
import { type HttpAnswer, type HttpClient, httpClient, withoutCredentials } from './http-client';
import { attemptOnce, BrokenError, isPage, pageInstead, persistently } from './transfer';
import { UnavailableError } from './unavailable';

export interface DownloadOptions extends Pick<CallOptions, 'signal'> {
  readonly url: string;
  /** Default: one that knows the proxies of the process's environment. */
  readonly client?: HttpClient;
  /** The path of the complete file. An incomplete download is in `<file>.part`. */
  readonly file: string;
  /** The expected checksum in hexadecimal. Without it, only the size is checked and the checksum is logged. */
  readonly sha256?: string;
  /** Called with the bytes done so far and the total, which is 0 when the server does not send it. */
  readonly onBytes?: (done: number, total: number) => void;
  /** How long a connection may be silent before it counts as broken, in milliseconds. Default 30 seconds. */
  readonly silenceMs?: number;
}

/**
 * Download a file. An interrupted download resumes if the server still has the same file (HTTP range with a validator),
 * and otherwise starts again.
 *
 * @throws UnavailableError, also when the connection keeps breaking or stays silent; CircuitTracerError `ERR_LIBTORCH`
 * when the checksum is wrong (the file is then deleted), `ERR_FILE_WRITE`, `ABORT_ERR`.
 */
export async function download(options: DownloadOptions): Promise<void> {
  const part = `${options.file}.part`;
  const transfer = { url: withoutCredentials(options.url), signal: options.signal, progress: () => fileSize(part) };
  await persistently(transfer, () => attempt(options, part));
  await verify(options, part);
  await rename(part, options.file);
  await rm(noteFile(part), { force: true });
}

async function attempt(options: DownloadOptions, part: string): Promise<void> {
  const { url, client = httpClient({ env: process.env }), onBytes, signal, silenceMs } = options;
  const shown = withoutCredentials(url);
  const resume = await resumable(part, options);
  const start = resume ? await fileSize(part) : 0;
  const headers: Record<string, string> = {};
  if (start > 0) headers.range = `bytes=${start}-`;
  if (start > 0 && resume?.validator) headers['if-range'] = resume.validator;
  const request = { client, url, shown, headers, signal, silenceMs, isResumed: start > 0 };
  await attemptOnce(request, async (answer, pieces) => {
    const from = await checkAnswer(answer, start, part, shown);
    const length = Number(answer.headers['content-length'] ?? 0);
    const total = length && from + length;
    if (from === 0) await noteValidator(part, options, answer);
    const done = await append(part, from, pieces, (bytes) => onBytes?.(bytes, total));
    if (total && done !== total) throw new BrokenError(`only ${done} of ${total} bytes arrived`);
  });
}

/** @returns the place in the file where the answer begins: `start`, or 0 when the server sends all of it */
async function checkAnswer(answer: HttpAnswer, start: number, part: string, shown: string): Promise<number> {
  const { status, headers } = answer;
  if (status === 416) {
    await rm(part, { force: true });
    throw new BrokenError('the partial file is longer than the complete file');
  }
  if (status !== 200 && status !== 206) throw new UnavailableError(`${shown}: HTTP status ${status}`);
  if (isPage(answer)) throw new UnavailableError(`${shown}: ${pageInstead}`);
  const range = /^bytes (\d+)-/.exec(headers['content-range'] ?? '')?.[1];
  const from = status === 206 && Number(range) === start ? start : 0;
  if (status === 206 && from === 0) throw new UnavailableError(`${shown}: the server sent another range`);
  return from;
}

async function append(
  part: string,
  start: number,
  pieces: AsyncIterable<Buffer>,
  onBytes: (done: number) => void,
): Promise<number> {
  const handle = await open(part, start > 0 ? 'a' : 'w').catch((error) => {
    throw writeError(error, part);
  });
  let done = start;
  try {
    for await (const piece of pieces) {
      await writeAll(handle, piece, part);
      done += piece.length;
      onBytes(done);
    }
    return done;
  } finally {
    await handle.close();
  }
}

async function writeAll(handle: FileHandle, bytes: Uint8Array, part: string): Promise<void> {
  try {
    await handle.writeFile(bytes);
  } catch (error) {
    throw writeError(error, part);
  }
}

const noteFile = (part: string): string => `${part}.json`;

interface Note {
  readonly url: string;
  readonly validator?: string;
  readonly sha256?: string;
}

/**
 * What is known of the file that `part` is the beginning of, if it is the one at this URL: its validator (entity tag or
 * date) or its checksum, which is checked in the end. Undefined when neither can tell.
 */
async function resumable(part: string, { url, sha256 }: DownloadOptions): Promise<Note | undefined> {
  try {
    const note = parseJson(await readFile(noteFile(part), 'utf8')) as Note;
    const isSame = note.validator || (sha256 && note.sha256 === sha256);
    return note.url === withoutCredentials(url) && isSame ? note : undefined;
  } catch {
    return undefined;
  }
}

/** Store the validator. A weak entity tag does not guarantee identical bytes, so it cannot be used to resume. */
async function noteValidator(part: string, { url, sha256 }: DownloadOptions, { headers }: HttpAnswer): Promise<void> {
  const tag = headers.etag;
  const validator = (tag && !tag.startsWith('W/') && tag) || headers['last-modified'] || undefined;
  const note: Note = { url: withoutCredentials(url), validator, sha256 };
  await writeFile(noteFile(part), JSON.stringify(note)).catch((error) => {
    throw writeError(error, part);
  });
}

async function verify(options: DownloadOptions, part: string): Promise<void> {
  const { sha256, signal } = options;
  const url = withoutCredentials(options.url);
  const found = await sha256Of(part, signal);
  if (!sha256)
    log().info({ url, sha256: found }, 'there is no known checksum for this archive; this is its actual checksum');
  if (!sha256 || found === sha256.toLowerCase()) return;
  await Promise.all([rm(part, { force: true }), rm(noteFile(part), { force: true })]);
  throw new CircuitTracerError(
    'ERR_LIBTORCH',
    `The checksum of ${url} is wrong: expected sha256 ${sha256}, found ${found}. The file was deleted. Try again, or ` +
      'download it from another URL.',
  );
}

/**
 * The checksum of a file in hexadecimal.
 *
 * @throws CircuitTracerError `ABORT_ERR`; the error of the file system.
 */
export async function sha256Of(file: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(file, { signal })) hash.update(chunk as Buffer);
  } catch (error) {
    if (signal?.aborted) throw new CircuitTracerError('ABORT_ERR', 'The download was cancelled.', { cause: error });
    throw error;
  }
  return hash.digest('hex');
}

/** The size of a file, 0 when there is none. */
export async function fileSize(file: string): Promise<number> {
  return (await stat(file).catch(() => undefined))?.size ?? 0;
}

/** The error for a failed write. */
export function writeError(error: unknown, file: string): CircuitTracerError {
  const { code, message } = error as NodeJS.ErrnoException;
  const cure = code === 'ENOSPC' ? 'The disk is full. Free some space' : 'Check the folder';
  return new CircuitTracerError(
    'ERR_FILE_WRITE',
    `${file} cannot be written (${message}). ${cure}, or set XDG_CACHE_HOME to a folder on another disk.`,
    { cause: error },
  );
}
